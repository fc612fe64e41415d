"""Expectations about a baseline: their form, the figures they mean, and those that are refused."""

from __future__ import annotations

import copy

import pytest

from harness.pytest_plugin import not_worse
from harness.pytest_plugin.errors import PlanError
from reports.comparison.metrics import METRICS
from tests.reports.conftest import stored

GO = stored("go")


def keys(expected: str, phase: str | None = None, fault: str | None = None) -> list[str]:
    """The keys of the figures that are meant."""
    found = not_worse.metrics(not_worse.read(expected), GO, phase=phase, fault=fault)
    return [metric.key for metric in found]


def test_name_label_and_margin_are_read() -> None:
    read = not_worse.read(" p99  not worse than release-2.1 by 7.5 % ")
    assert (read.name, read.label, read.margin) == ("p99", "release-2.1", 0.075)


@pytest.mark.parametrize("key", [metric.key for metric in METRICS])
def test_every_figure_of_a_comparison_has_its_key_for_a_name(key: str) -> None:
    assert keys(f"{key} not worse than main by 10%") == [key]


@pytest.mark.parametrize(
    ("expected", "selector", "meant"),
    [
        ("p99", {"phase": "steady"}, ["p99"]),
        ("p99", {"phase": "all"}, ["p99:all"]),
        ("p90", {}, ["p90:steady"]),
        ("p50", {"fault": "kill-redis-1"}, ["p50:fault:kill-redis-1"]),
        ("recovery", {"fault": "redis"}, ["recovery:restart-redis-1", "recovery:kill-redis-1"]),
        ("outage", {"fault": "kill-redis-1"}, ["outage:kill-redis-1"]),
        ("recovery:kill-redis-1", {}, ["recovery:kill-redis-1"]),
        ("downtime", {"fault": "kill-redis-1"}, ["downtime:kill-redis-1"]),
        ("memory_peak", {}, ["memory_peak"]),
    ],
)
def test_the_plugins_own_names_mean_their_phases_and_faults(
    expected: str, selector: dict[str, str], meant: list[str]
) -> None:
    assert keys(f"{expected} not worse than main by 10%", **selector) == meant


def test_the_values_are_those_of_the_phase_the_fault_and_the_run() -> None:
    def value(name: str, fault: str | None = None) -> float | None:
        read = not_worse.read(f"{name} not worse than main by 10%")
        (metric,) = not_worse.metrics(read, GO, phase=None, fault=fault)
        return metric.read(GO)

    assert value("p90") == GO["latency"]["steady"]["p90"]
    assert value("p90", "kill-redis-1") == GO["latency"]["fault:kill-redis-1"]["p90"]
    (fault,) = (row for row in GO["faults"] if row["id"] == "kill-redis-1")
    assert value("downtime", "kill-redis-1") == fault["downtime_s"]
    assert value("memory_peak") == GO["memory"]["peak_bytes"]


def test_a_baseline_that_lacks_the_phase_or_the_fault_has_no_value() -> None:
    other = copy.deepcopy(GO)
    other["faults"], other["latency"] = [], {}
    for name in ("p90", "downtime"):
        read = not_worse.read(f"{name} not worse than main by 10%")
        (metric, *_) = not_worse.metrics(read, GO, phase=None, fault="kill-redis-1")
        assert metric.read(other) is None


@pytest.mark.parametrize(
    ("expected", "selector", "said"),
    [
        ("p99 not worse then main by 10%", {}, "must be NAME not worse than LABEL by PERCENT"),
        ("p99 not worse than main", {}, "must be NAME not worse than LABEL by PERCENT"),
        ("p99 worse than main by 10%", {}, "must be NAME not worse than LABEL by PERCENT"),
        ("p98 not worse than main by 10%", {}, "did you mean p9"),
        ("cpu_per_trun not worse than main by 10%", {}, "did you mean cpu_per_turn"),
        ("p99 not worse than main by ten", {}, "must be a number with a unit of %"),
        ("p99 not worse than main by 10ms", {}, "must be a number with a unit of %"),
        ("p99 not worse than main by 0%", {}, "must be above 0 %"),
        ("p99 not worse than main by 20", {}, "must be above 0 % and at most 1000%"),
        ("lost not worse than main by 10%", {}, "a limit of its own, as 'lost == …'"),
        ("verdict not worse than main by 10%", {}, "a limit of its own"),
        ("recovery not worse than main by 10%", {"phase": "steady"}, "fault="),
        ("recovery not worse than main by 10%", {"fault": "reddis"}, "did you mean redis"),
        ("recovery:kill-redis-2 not worse than main by 10%", {}, "did you mean kill-redis-1"),
        ("outage:x not worse than main by 10%", {"fault": "redis"}, "must have one fault"),
        ("p90:x not worse than main by 10%", {}, "did you mean p90"),
        ("p90 not worse than main by 10%", {"phase": "stedy"}, "did you mean steady"),
        ("cpu_per_turn not worse than main by 10%", {"phase": "steady"}, "whole run"),
        ("memory_peak not worse than main by 10%", {"fault": "redis"}, "whole run"),
    ],
)
def test_a_mistyped_expectation_is_an_error_that_says_what_is_right(
    expected: str, selector: dict[str, str], said: str
) -> None:
    assert not_worse.is_meant(expected)
    with pytest.raises(PlanError, match=said):
        keys(expected, **selector)


def test_other_expectations_are_not_about_a_baseline() -> None:
    assert not any(map(not_worse.is_meant, ("p99 < 1.5s", "continuity == 100%")))
