"""The line through the tokens of turns."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from msgspec.structs import replace

from reports.figures.figure import Label
from reports.model_cost.growth import growth
from reports.model_cost.placed import placed
from tests.reports.a_run import Run
from tests.reports.model_cost.a_log import calls_of, history, log, run


def test_the_line_goes_through_turns_that_grow_by_so_much(tmp_path: Path) -> None:
    made = run(6, 4)
    calls = log(made)
    found = growth(placed(history(made, tmp_path, calls), calls))
    assert found.first.value == pytest.approx(2100)
    assert found.added.value == pytest.approx(600)
    assert found.added.label is Label.FITTED
    assert found.share.value == pytest.approx(600 / 2100)
    assert found.share.label is Label.FITTED
    assert [row.turn for row in found.rows] == [1, 2, 3, 4]
    assert [row.prompt_tokens for row in found.rows] == [2100, 2700, 3300, 3900]
    # 2,100 + 2,700 + 3,300 + 3,900
    assert found.rows[-1].conversation == pytest.approx(12_000)


def test_twice_the_turns_cost_more_than_twice_the_tokens(tmp_path: Path) -> None:
    made = run(4, 8)
    calls = log(made)
    rows = growth(placed(history(made, tmp_path, calls), calls)).rows
    four, eight = rows[3].conversation, rows[7].conversation
    assert four is not None
    assert eight is not None
    assert eight / four == pytest.approx((8 * 2100 + 600 * 28) / (4 * 2100 + 600 * 6))


def test_an_agent_that_drops_its_history_does_not_grow(tmp_path: Path) -> None:
    made = run(6, 4)
    calls = [replace(each, messages=each.messages[-1:], prompt_tokens=900) for each in log(made)]
    found = growth(placed(history(made, tmp_path, calls), calls))
    assert found.added.value == pytest.approx(0, abs=1e-6)
    assert found.first.value == pytest.approx(1800)


def test_turns_with_a_retry_or_a_refused_call_are_left_out(tmp_path: Path) -> None:
    made = run(6, 4)
    calls = log(made)
    spoiled = replace(calls[2], status=429, answer="error", prompt_tokens=10**6)
    calls.append(spoiled)
    found = growth(placed(history(made, tmp_path, calls), calls))
    assert found.added.value == pytest.approx(600)
    assert [row.turns for row in found.rows] == [6, 5, 6, 6]


def test_the_growth_is_not_known_without_a_second_turn(tmp_path: Path) -> None:
    made = run(6, 1)
    calls = log(made)
    found = growth(placed(history(made, tmp_path, calls), calls))
    assert found.added.label is Label.UNKNOWN
    assert found.share.label is Label.UNKNOWN
    assert [row.line for row in found.rows] == [None]


def test_the_growth_is_not_known_without_calls() -> None:
    found = growth([])
    assert found.first.label is Label.UNKNOWN
    assert found.rows == ()


def test_the_interval_allows_for_long_conversations_of_one_customer(tmp_path: Path) -> None:
    # Each conversation is longer or shorter as a whole: 95 % of the intervals must hold 600.
    inside = 0
    for seed in range(100):
        draw = random.Random(seed)
        made = Run()
        calls = []
        for number in range(24):
            talk = made.sound(draw.randint(1, 6), start=10.0 + number / 4)
            extra = draw.gauss(0, 150)
            for each in calls_of(talk):
                grown = each.prompt_tokens + extra * len(each.messages)
                calls.append(replace(each, prompt_tokens=max(0, round(grown))))
        added = growth(placed(history(made, tmp_path, calls), calls)).added
        assert added.value is not None
        assert added.low is not None
        assert added.high is not None
        # Both calls of a turn read `extra` more for each message.
        inside += added.low <= 600 <= added.high
    assert inside >= 85
