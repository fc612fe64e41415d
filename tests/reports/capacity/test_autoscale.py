"""Advice for autoscaling, calculated by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from reports.capacity.autoscale import advise
from reports.capacity.target import Assumptions, Moment
from reports.figures.figure import Label
from tests.reports.capacity.a_capacity_run import findings, measured, night, nothing, probe, target


def test_the_threshold_follows_from_little_s_law() -> None:
    # 70 % of 30 are 21 turns/s, between the probes at 20 (0.2 s) and 28 (1/3 s).
    found = advise(findings(), target(300), Assumptions()).threshold
    assert found.value == pytest.approx(21 * (0.2 + (1 / 3 - 0.2) / 8))
    assert found.label is Label.FITTED
    assert found.low == pytest.approx(21 * 0.2)
    assert found.high == pytest.approx(21 / 3)


def test_without_mean_latencies_the_threshold_is_on_the_early_side() -> None:
    bare = findings(probes=(probe("probe-01", 30),))
    found = advise(bare, target(300), Assumptions()).threshold
    assert found.value == pytest.approx(21 * 0.16)
    assert "too early" in found.why


def test_a_replica_is_there_after_its_start_and_the_autoscaler_s_delay() -> None:
    found = advise(findings(), target(300), Assumptions()).reaction
    assert found.value == 34
    assert found.label is Label.ASSUMED


def test_the_replicas_of_a_sudden_opening_must_be_there_beforehand() -> None:
    # 30 turns/s ask for 2 replicas; 34 s later 300 need 10.
    advice = advise(findings(), night(), Assumptions())
    assert advice.before is not None
    assert advice.before.value == 10
    assert advice.rise is not None
    assert advice.rise.value == 10


def test_a_slow_rise_needs_no_floor_but_what_the_start_needs() -> None:
    # From 30 to 300 in five hours: 34 s add half a turn a second.
    slow = tuple(
        Moment(hour=minute / 60, turns_per_s=30 + 270 * minute / 300, live_sessions=1)
        for minute in range(301)
    )
    advice = advise(findings(), replace(night(), night=slow), Assumptions())
    assert advice.before is not None
    assert advice.before.value == 1


def test_a_rate_has_no_rise() -> None:
    advice = advise(findings(), target(300), Assumptions())
    assert (advice.rise, advice.before) == (None, None)


def test_a_slower_start_needs_no_fewer_replicas_beforehand() -> None:
    ramp = tuple(
        Moment(hour=second / 3600, turns_per_s=30 + second, live_sessions=1)
        for second in range(0, 270, 10)
    )
    floors = []
    for seconds in (1, 20, 60, 200):
        started = findings(replica_start_s=measured(seconds, "s"))
        advice = advise(started, replace(night(), night=ramp), Assumptions())
        assert advice.before is not None
        assert advice.before.value is not None
        floors.append(advice.before.value)
    assert floors == sorted(floors)


def test_nothing_measured_gives_no_advice() -> None:
    advice = advise(nothing(), night(), Assumptions())
    assert advice.before is not None
    labels = {advice.threshold.label, advice.reaction.label, advice.before.label}
    assert labels == {Label.UNKNOWN}
