"""Money, tokens and calls, calculated by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from reports.figures.figure import Label
from reports.model_cost import of_run
from reports.model_cost.by_model import use_by_model
from reports.model_cost.money import ModelCost
from reports.records import ModelCall
from reports.records.errors import HistoryError
from tests.reports.a_run import Run
from tests.reports.model_cost.a_log import MODEL, PRICES, call, history, log, run

CONVERSATION = 12_000 + 4 * 1000
"""Millionths of a dollar for four turns."""


def cost(made: Run, folder: Path, calls: list[ModelCall], **values: object) -> ModelCost:
    """The cost of a run with these calls."""
    stored = {"model_prices": PRICES.to_dict(), "night_conversations": 500_000.0, **values}
    found = of_run.of_run(history(made, folder, calls, **stored))
    assert found is not None
    return found


def test_a_run_costs_its_calls(tmp_path: Path) -> None:
    made = run(6, 4)
    found = cost(made, tmp_path, log(made)).figures
    assert found["calls_per_turn"].value == pytest.approx(2)
    assert found["input_per_turn"].value == pytest.approx(12_000 / 4)
    assert found["output_per_turn"].value == pytest.approx(100)
    assert found["run"].value == pytest.approx(6 * CONVERSATION / 1e6)
    assert found["million"].value == pytest.approx(CONVERSATION)
    assert found["night"].value == pytest.approx(CONVERSATION / 2)


def test_every_figure_has_its_origin(tmp_path: Path) -> None:
    made = run(6, 4)
    labels = {name: each.label for name, each in cost(made, tmp_path, log(made)).figures.items()}
    measured, fitted, assumed = Label.MEASURED, Label.FITTED, Label.ASSUMED
    assert labels == {
        "calls_per_turn": measured,
        "input_per_turn": measured,
        "output_per_turn": measured,
        "first_turn": fitted,
        "added_per_turn": fitted,
        "added_share": fitted,
        "run": assumed,
        "night_conversations": assumed,
        "night": assumed,
        "million": assumed,
    }


def test_the_interval_is_that_of_the_conversations(tmp_path: Path) -> None:
    made = Run()
    for number in range(12):
        made.sound(1 + number % 4, start=10.0 + number / 2)
    million = cost(made, tmp_path, log(made)).figures["million"]
    assert million.value is not None
    assert million.low is not None
    assert million.high is not None
    assert 0 < million.low < million.value < million.high


def test_agents_and_models_are_told_apart(tmp_path: Path) -> None:
    made = run(3, 2)
    calls = log(made)
    calls[1::2] = [replace(each, agent="refunds", model="gpt-4o-mini") for each in calls[1::2]]
    found = cost(made, tmp_path, calls)
    assert {each.name: each.calls for each in found.by_agent} == {"shop": 6, "refunds": 6}
    assert {each.name: each.calls for each in found.by_model} == {MODEL: 6, "gpt-4o-mini": 6}
    money = {each.name: each.money for each in found.by_model}
    # 1,000 and 1,300 tokens read, 20 written, three times; 1,100 and 1,400, and 80.
    assert money[MODEL] == pytest.approx(3 * (2300 + 2 * 200) / 1e6)
    assert money["gpt-4o-mini"] == pytest.approx(3 * (2 * 2500 + 2 * 1600) / 1e6)


def test_retries_and_refused_calls_are_counted_apart(tmp_path: Path) -> None:
    made = run(6, 4)
    talk = made.conversation(12.0).turn(attempts=2, took=2.0)
    turn = talk.turns[0]
    talk.audit()
    again = call(turn, [turn.message], t=turn.sent + 1.0, done=turn.sent + 1.1)
    refused = replace(again, t=again.t - 0.5, status=429, answer="error", output_tokens=0)
    failed = replace(refused, t=again.t - 0.4, status=503)
    first, reply = call(turn, [turn.message]), call(turn, [turn.message], 1, t=turn.sent + 1.2)
    calls = [*log(run(6, 4)), first, refused, failed, again, reply]
    found = cost(made, tmp_path, calls)
    by_kind = {each.name: each for each in found.by_kind}
    assert {name: each.calls for name, each in by_kind.items()} == {
        "answered": 50,
        "repeated": 1,
        "refused": 1,
        "failed": 1,
    }
    assert by_kind["refused"].money == by_kind["failed"].money == 0
    assert by_kind["refused"].prompt_tokens == 1000
    assert by_kind["repeated"].money == pytest.approx((1000 + 200) / 1e6)
    # The run pays for the repeated call; a million conversations are calculated without it.
    paid = 6 * CONVERSATION + 2100 + 1000
    assert found.figures["run"].value == pytest.approx((paid + 1200) / 1e6)
    assert found.figures["million"].value == pytest.approx(paid / 7)


def test_the_rehearsal_is_no_part_of_the_load(tmp_path: Path) -> None:
    made = run(6, 4)
    calls = log(made)
    early = [replace(each, t=each.t - 100, done=each.t - 99.9) for each in calls]
    found = cost(made, tmp_path, early + calls)
    assert {each.name: each.calls for each in found.by_kind} == {"answered": 48, "rehearsal": 48}
    assert found.figures["run"].value == pytest.approx(6 * CONVERSATION / 1e6)
    assert sum(each.calls for each in found.by_model) == 48


def test_a_model_without_a_price_has_tokens_and_no_money(tmp_path: Path) -> None:
    made = run(6, 4)
    calls = [replace(each, model="mine") for each in log(made)]
    found = cost(made, tmp_path, calls)
    assert found.figures["input_per_turn"].value == pytest.approx(3000)
    for name in ("run", "night", "million"):
        assert found.figures[name].label is Label.UNKNOWN
        assert "no price for mine; --model-prices FILE" in found.figures[name].why
    assert [each.money for each in found.by_model] == [None]


def test_calls_that_show_other_messages_are_divided_by_all_turns(tmp_path: Path) -> None:
    made = run(6, 4)
    calls = [replace(each, messages=("rewritten",)) for each in log(made)]
    found = cost(made, tmp_path, calls).figures
    assert found["calls_per_turn"].value == pytest.approx(2)
    assert found["calls_per_turn"].low is None
    assert "other messages than the customers sent" in found["input_per_turn"].why
    assert found["million"].value == pytest.approx(CONVERSATION)
    assert found["added_per_turn"].label is Label.UNKNOWN


def test_a_run_that_was_cut_short_does_not_tell_the_cost_of_a_conversation(tmp_path: Path) -> None:
    made = run(6, 4)
    made.marks = ("start", "phase:warmup", "phase:hold")
    found = cost(made, tmp_path, log(made)).figures
    assert found["run"].value == pytest.approx(6 * CONVERSATION / 1e6)
    for name in ("night", "million"):
        assert found[name].label is Label.UNKNOWN
        assert "cut short" in found[name].why


def test_the_night_is_not_known_where_run_json_does_not_say_its_size(tmp_path: Path) -> None:
    made = run(6, 4)
    found = cost(made, tmp_path, log(made), night_conversations=UNSET).figures
    assert found["night"].label is Label.UNKNOWN
    assert found["million"].value == pytest.approx(CONVERSATION)


def test_a_run_without_a_log_has_no_cost(tmp_path: Path) -> None:
    assert of_run.of_run(history(run(), tmp_path, [])) is None
    assert use_by_model(history(run(), tmp_path, [])) == ()


def test_prices_in_run_json_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    made = run(1, 1)
    broken = history(made, tmp_path, log(made), model_prices={"currency": "dollar"})
    with pytest.raises(HistoryError, match=r"run\.json: model_prices: model must be one section"):
        of_run.of_run(broken)


def test_the_use_of_each_model_is_that_of_a_turn(tmp_path: Path) -> None:
    made = run(6, 4)
    calls = log(made)
    calls[1::2] = [replace(each, model="gpt-4o-mini") for each in calls[1::2]]
    first, second = use_by_model(history(made, tmp_path, calls))
    assert (first.model, second.model) == (MODEL, "gpt-4o-mini")
    assert first.calls.value == second.calls.value == pytest.approx(1)
    assert first.prompt_tokens.value == pytest.approx(1450)
    assert second.output_tokens.value == pytest.approx(80)
    assert first.money(PRICES).value == pytest.approx((1450 + 200) / 1e6)
    assert first.money(PRICES).label is Label.ASSUMED
    assert replace(first, model="mine").money(PRICES).label is Label.UNKNOWN
