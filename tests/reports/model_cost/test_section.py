"""The cost of the model in result.json and in every report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from msgspec.structs import replace

from reports.model_cost import of_run
from reports.records import RecordWriter
from reports.render import html, summary_md, terminal
from reports.verdict.judge import SCHEMA_FILE, judge
from tests.reports.conftest import stored
from tests.reports.model_cost.a_log import PRICES, history, log, run


@pytest.fixture
def priced(tmp_path: Path) -> dict[str, Any]:
    """The stored GO with the cost of a model."""
    made = run(6, 4)
    cost = of_run.of_run(
        history(made, tmp_path, log(made), model_prices=PRICES.to_dict(), night_conversations=5e5)
    )
    assert cost is not None
    return {**stored("go"), "model_cost": msgspec.to_builtins(cost)}


def test_the_cost_keeps_to_the_published_schema(priced: dict[str, Any]) -> None:
    jsonschema.validate(priced, json.loads(SCHEMA_FILE.read_text()))


def test_the_screen_names_turn_growth_and_money(priced: dict[str, Any]) -> None:
    screen = terminal.render(priced, False, 80)
    assert "Model   a turn 2 calls, 3,000 tokens in, 100 tokens out (measured)" in screen
    assert "each turn reads 600 tokens more than the one before it (fitted)" in screen
    assert "this load 0.096 USD, the night 8,000 USD, a million 16,000 USD (assumed)" in screen
    assert len(screen.splitlines()) <= terminal.SCREEN_LINES


def test_the_screen_counts_retries_and_refused_calls_apart(priced: dict[str, Any]) -> None:
    assert "of its calls" not in terminal.render(priced, False)
    share = priced["model_cost"]["by_kind"][0]
    priced["model_cost"]["by_kind"] += [
        {**share, "name": "repeated", "calls": 7, "money": 0.02},
        {**share, "name": "refused", "calls": 12, "money": 0.0},
    ]
    screen = terminal.render(priced, False, 80)
    assert "of its calls 7 repeated (0.02 USD), 12 refused (0.00 USD)" in screen


@pytest.mark.parametrize("render", [html.render, summary_md.render])
def test_page_and_summary_have_every_figure_with_its_origin(
    priced: dict[str, Any], render: Any
) -> None:
    text = render(priced)
    for words in (
        "Cost of the model",
        "Each turn reads more than the one before it",
        "A million conversations",
        "16,000 USD",
        "measured",
        "fitted",
        "assumed",
        "an estimate",
        "answered for the first time",
        "agent shop",
        "model gemini-2.5-flash",
        "a list, as of 2026-11-27, USD",
    ):
        assert words in text, words


def test_the_page_shows_what_long_conversations_read(priced: dict[str, Any]) -> None:
    page = html.render(priced)
    assert "Tokens by the number of the turn" in page
    assert "12,000" in page


def test_a_result_without_a_cost_has_no_such_section() -> None:
    plain = stored("go")
    for text in (html.render(plain), summary_md.render(plain), terminal.render(plain, False)):
        assert "Cost of the model" not in text
        assert "a million" not in text


def test_a_damaged_cost_is_still_rendered(priced: dict[str, Any]) -> None:
    priced["model_cost"] = {"figures": {"run": {"value": "x"}}, "by_turn": [{}], "by_model": [{}]}
    for render in (html.render, summary_md.render):
        assert "Cost of the model" in render(priced)
    assert "this load not known, the night not known" in terminal.render(priced, False)


def test_hostile_names_are_escaped(priced: dict[str, Any]) -> None:
    priced["model_cost"]["by_agent"][0]["name"] = "<script>alert(1)</script>"
    assert "<script>alert(1)" not in html.render(priced)
    assert "<script>" not in summary_md.render(priced)


def test_a_stored_run_is_judged_with_its_own_prices_or_others(tmp_path: Path) -> None:
    made = run(6, 4)
    made.write(tmp_path)
    with RecordWriter(tmp_path) as writer:
        for call in log(made):
            writer.write(call)
    file = tmp_path / "run.json"
    values = json.loads(file.read_text())
    file.write_text(json.dumps({**values, "model_prices": PRICES.to_dict()}))
    figures = judge(tmp_path)["model_cost"]["figures"]
    assert figures["million"]["value"] == pytest.approx(16_000)
    free = replace(PRICES.assumed, input_per_million_tokens=0.0, output_per_million_tokens=0.0)
    others = judge(tmp_path, replace(PRICES, model=(free,)))
    assert others["model_cost"]["figures"]["million"]["value"] == 0
