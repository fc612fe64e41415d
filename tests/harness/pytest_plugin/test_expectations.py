"""Expectations on stored results: some hold, some do not, and some are refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from harness.pytest_plugin import expectation, failure_message
from harness.pytest_plugin.errors import PlanError
from harness.pytest_plugin.metrics import METRICS
from tests.reports.conftest import stored

GO = stored("go")
NO_GO = stored("no_go")


def ask(
    result: dict[str, Any], expected: str, phase: str | None = None, fault: str | None = None
) -> expectation.Answer:
    return expectation.ask(result, expected, phase=phase, fault=fault)


@pytest.mark.parametrize(
    ("expected", "selector"),
    [
        ("continuity == 100%", {}),
        ("continuity >= 1", {}),
        ("lost == 0", {}),
        ("verdict == GO", {}),
        ("p99 < 1.5s", {"phase": "steady"}),
        ("p99<1500ms", {"phase": "steady"}),
        ("p99.9 < 10 s", {}),
        ("p50 > 0ms", {"fault": "redis"}),
        ("recovery < 5s", {"fault": "redis"}),
        ("recovery < 1 min", {}),
        ("downtime > 1s", {"fault": "kill-replica-1"}),
        ("outage < 3s", {"fault": "restart_redis"}),
        ("errors < 1%", {}),
        ("memory_peak < 64MiB", {}),
        ("turns > 100", {}),
    ],
)
def test_true_expectations_of_a_good_run_hold(expected: str, selector: dict[str, str]) -> None:
    assert ask(GO, expected, **selector).holds


def test_lost_turns_fail_continuity_and_the_message_names_them() -> None:
    answer = ask(NO_GO, "continuity == 100%")
    assert not answer.holds
    told = failure_message.failed(answer, NO_GO, Path("runs/x"))
    assert "expected continuity == 100%: was continuity" in told
    failed = next(g for g in NO_GO["gates"] if g["name"] == "continuity.lost")
    assert failed["evidence"][0].split(",")[0] in told, "the evidence is missing"
    assert "NO-GO" in told
    assert "kill-redis-1" in told, "the fault is missing"
    assert "runs/x/report.html" in told


def test_a_percentile_says_of_how_many_turns_it_is() -> None:
    answer = ask(GO, "p99 < 1ms", phase="fault:kill-redis-1")
    assert answer.measured == ("p99 1.98 s of 621 turns in fault:kill-redis-1",)


def test_the_error_rate_is_the_one_that_the_gate_judged() -> None:
    result = copy.deepcopy(GO)
    gate = next(g for g in result["gates"] if g["name"] == "errors.rate")
    gate["value"] = 0.25
    assert ask(result, "errors == 25%").holds
    result["gates"].remove(gate)
    assert ask(result, "errors < 1%").unknown


def test_one_lost_turn_of_many_is_never_rounded_to_all() -> None:
    result = copy.deepcopy(GO)
    gate = next(g for g in result["gates"] if g["name"] == "continuity.lost")
    gate.update(status="fail", value=1)
    result["turns"]["ok"] = 10_000_000
    assert not ask(result, "continuity == 100%").holds
    assert ask(result, "continuity > 99.9%").holds


def test_continuity_without_evidence_is_not_known() -> None:
    result = copy.deepcopy(GO)
    gate = next(g for g in result["gates"] if g["name"] == "continuity.lost")
    gate.update(status="unknown", value=None)
    answer = ask(result, "continuity == 100%")
    assert not answer.holds
    assert answer.unknown
    assert "not known" in failure_message.failed(answer, result, Path("runs/x"))


def test_missing_evidence_of_a_target_does_not_count_against_continuity() -> None:
    result = copy.deepcopy(GO)
    gate = next(g for g in result["gates"] if g["name"] == "continuity.resurrected")
    gate.update(status="unknown", value=None, out_of_sight=True)
    assert ask(result, "continuity == 100%").holds
    assert ask(result, "resurrected == 0").unknown
    lost = next(g for g in result["gates"] if g["name"] == "continuity.lost")
    lost.update(status="fail", value=1)
    assert not ask(result, "continuity == 100%").holds


def test_every_fault_that_a_name_means_must_hold() -> None:
    kills = ask(GO, "recovery < 2s", fault="redis")
    assert not kills.holds  # 1.74 s after the restart, 2.13 s after the kill
    assert len(kills.measured) == 1
    assert "kill-redis-1" in kills.measured[0]


@pytest.mark.parametrize(
    ("expected", "selector", "said"),
    [
        ("contiunity == 100%", {}, "did you mean continuity"),
        ("p98 < 1s", {}, "did you mean p9"),
        ("p99 < 1.5s", {"phase": "stedy"}, "did you mean steady"),
        ("p99 < 1.5s", {"phase": "fault:kill-redis-9"}, "no turn was in phase"),
        ("recovery < 5s", {"fault": "reddis"}, "did you mean redis"),
        ("recovery < 5s", {"phase": "steady"}, "fault="),
        ("p99 < 1s", {"phase": "steady", "fault": "redis"}, "not both"),
        ("continuity == 100%", {"fault": "redis"}, "whole run"),
        ("p99 < 1.5sec", {}, "s, ms, min, got '1.5sec'"),
        ("p99 < fast", {}, "'fast'"),
        ("p99 = 1s", {}, "a name, one of =="),
        ("p99", {}, "a name, one of =="),
        ("p99 =< 1s", {}, "a name, one of =="),
        ("verdict == MAYBE", {}, "'MAYBE'"),
        ("verdict < GO", {}, "== or !="),
        ("lost == 0%", {}, "without a unit"),
    ],
)
def test_an_unknown_expectation_is_an_error_that_names_the_nearest(
    expected: str, selector: dict[str, str], said: str
) -> None:
    with pytest.raises(PlanError, match=said):
        ask(GO, expected, **selector)


def test_a_fault_of_a_run_without_any_is_an_error() -> None:
    result = copy.deepcopy(GO)
    result["faults"] = []
    with pytest.raises(PlanError, match="no fault"):
        ask(result, "recovery < 5s", fault="redis")


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_found_in_a_good_result(name: str) -> None:
    answer = ask(GO, f"{name} >= 0")
    assert answer.holds, answer.measured
    assert "–" not in "".join(answer.measured)
