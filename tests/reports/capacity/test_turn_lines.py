"""What a turn costs, on the sheet: every part has a line, and says when it is one value."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from reports.capacity import prices
from reports.capacity.answer import AnswerSheet, Line
from reports.capacity.findings import Answer, CapacityFindings
from reports.capacity.sheet import OTHER_SESSIONS, build
from reports.capacity.told import NOT_TOLD
from reports.capacity.turn_lines import ONE_VALUE
from reports.figures.figure import Label, unknown
from reports.model_cost.model_use import ModelUse
from reports.render.answer import markdown, page, terminal, view
from tests.reports.capacity.a_capacity_run import (
    TODAY,
    demand,
    findings,
    fitted,
    measured,
    nothing,
    probe,
    redis_size,
    target,
)


def made(found: CapacityFindings) -> AnswerSheet:
    """The sheet for 300 turns a second."""
    return build(found, target(300), TODAY, prices.read(), run="runs/capacity")


def shown(line: Line) -> tuple[str, str, str]:
    """Value, interval and note."""
    return view.value(line.figure), view.interval(line.figure), line.note


def test_each_cost_of_a_turn_is_on_the_sheet_with_its_interval() -> None:
    found = demand(
        by_kind_cpu_s={"tool": fitted(0.036, "s", 0.034, 0.038)},
        replica_cpu_per_earlier_turn_s=fitted(0.0004, "s", 0.0003, 0.0005),
        redis_s=measured(0.00035, "s", 0.00031, 0.00039),
        redis_bytes=fitted(1100, "bytes", 1000, 1200),
        model_use=(
            ModelUse(
                model="small",
                calls=measured(2, "calls", 1.9, 2.1),
                prompt_tokens=measured(3000, "tokens", 2900, 3100),
                output_tokens=measured(100, "tokens", 90, 110),
            ),
        ),
        model_calls=measured(2, "calls", 1.9, 2.1),
    )
    lines = made(findings(demand=found)).lines
    assert shown(lines["turn.tool"]) == ("36 ms", "34 – 38 ms", "")
    assert shown(lines["turn.earlier"]) == ("400 µs", "300 – 500", "of its conversation")
    assert shown(lines["turn.redis"]) == ("350 µs", "310 – 390", "in the demand run")
    assert shown(lines["turn.redis_bytes"]) == ("1.07 KiB", "1000 B – 1.17 KiB", "")
    assert shown(lines["turn.model_calls"]) == ("2 calls", "1.9 – 2.1", "")
    assert shown(lines["turn.model_1.read"]) == ("3,000 tokens", "2,900 – 3,100", "small")
    assert lines["turn.tool"].figure.label is Label.FITTED
    assert lines["turn.redis"].figure.label is Label.MEASURED


def test_the_costs_are_in_every_format() -> None:
    sheet = made(findings())
    for text in (terminal.render(sheet, False), markdown.render(sheet), page.render(sheet)):
        for title in ("Cost of a turn", "CPU, with tools", "Redis, a stored turn", "model, calls"):
            assert title in text


def test_a_kind_of_turn_that_was_not_told_apart_says_why() -> None:
    lines = made(findings()).lines
    assert lines["turn.text"].figure.value == 0.022
    assert "fewer than 30 such turns" in lines["turn.stream"].figure.why
    blind = demand(by_kind_cpu_s={}, replica_cpu_s=unknown("s", "it was not sampled"))
    assert made(findings(demand=blind)).lines["turn.text"].figure.why == "it was not sampled"


def test_commands_of_redis_are_not_known_and_say_what_would_tell() -> None:
    figure = made(findings()).lines["turn.redis_commands"].figure
    assert figure.label is Label.UNKNOWN
    assert "INFO commandstats" in figure.why


def test_the_scripts_have_the_range_over_the_sizes() -> None:
    points = redis_size().points
    timed = tuple(
        replace(point, turn_commands_s=seconds)
        for point, seconds in zip(points, (0.0001, 0.0002, 0.0004), strict=True)
    )
    line = made(findings(redis_size=redis_size(points=timed))).lines["turn.redis_scripts"]
    assert shown(line) == ("200 µs", "100 – 400", "")
    once = (*points[:2], timed[2])
    line = made(findings(redis_size=redis_size(points=once))).lines["turn.redis_scripts"]
    assert shown(line) == ("400 µs", "", ONE_VALUE)


def test_sessions_elsewhere_cost_no_redis() -> None:
    lines = made(findings(sessions="memory")).lines
    keys = [key for key in lines if key.startswith("turn.redis")]
    assert len(keys) == 6
    assert {lines[key].figure.why for key in keys} == {OTHER_SESSIONS}
    assert lines["turn.model_calls"].figure.value == 2


@pytest.mark.parametrize("found", [findings(), nothing()])
def test_every_measured_line_has_an_interval_or_says_that_it_is_one_value(
    found: CapacityFindings,
) -> None:
    for key, line in made(found).lines.items():
        figure = line.figure
        if figure.label is Label.MEASURED and figure.low is None and figure.high is None:
            assert ONE_VALUE in line.note, key


def test_the_first_broken_rate_has_the_range_of_what_was_offered() -> None:
    late = ("the backlog grows",)
    broken = (
        probe("probe-01", 31, Answer.FAIL, offered=30.8, reasons=late),
        probe("probe-02", 31, Answer.FAIL, offered=31.3, reasons=late),
        probe("probe-03", 34, Answer.FAIL, offered=34.5, reasons=late),
    )
    line = made(findings(probes=broken)).lines["sustainable.broken"]
    assert shown(line) == (
        "31 turns/s",
        "30.8 – 31.3",
        "the backlog grows; 2 probes, planned and offered",
    )
    line = made(findings(probes=(replace(broken[0], offered=None),))).lines["sustainable.broken"]
    assert line.note == f"the backlog grows; {ONE_VALUE}, one probe"


def test_a_recovery_and_the_start_of_a_replica_say_how_often_they_were_seen() -> None:
    once = findings(replica_start_s=measured(4.0, "s"))
    lines = made(once).lines
    assert lines["sustainable.kill"].note == ONE_VALUE
    assert lines["sustainable.overload"].note == f"{ONE_VALUE}, 1.5 × for 10 s"
    assert lines["autoscale.start"].note == ONE_VALUE
    assert shown(made(findings()).lines["autoscale.start"]) == ("4 s", "3.60 – 4.40 s", "")


def test_a_cost_that_may_be_nothing_is_not_known() -> None:
    found = demand(
        replica_cpu_base_s=fitted(0.006, "s", -0.003, 0.015),
        replica_cpu_per_earlier_turn_s=fitted(-0.0003, "s", -0.0017, 0.0011),
        redis_bytes=fitted(2000, "bytes", 10, 4000),
        redis_session_bytes=fitted(-924, "bytes", -6000, 4000),
    )
    lines = made(findings(demand=found)).lines
    for name in ("turn.base", "turn.earlier", "turn.redis_session"):
        assert lines[name].figure.value is None
        assert lines[name].figure.why == NOT_TOLD
    assert lines["turn.redis_bytes"].figure.value == 2000


def test_a_turn_that_costs_the_same_with_any_history_is_known() -> None:
    found = demand(
        replica_cpu_base_s=fitted(0.006, "s", 0.005, 0.007),
        replica_cpu_per_earlier_turn_s=fitted(0.00001, "s", -0.0001, 0.0001),
    )
    figure = made(findings(demand=found)).lines["turn.earlier"].figure
    assert (figure.value, figure.unit) == (10, "µs")
