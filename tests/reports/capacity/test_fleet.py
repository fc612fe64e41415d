"""The number of replicas, by hand and as properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.capacity.fleet import Simulation, bare_fleet, grown, least, zone_lost
from reports.figures.figure import Figure, Label, unknown
from tests.reports.capacity.a_capacity_run import assumed, measured, sustainable


@pytest.mark.parametrize(
    ("bare", "zones", "needed"), [(27, 3, 41), (10, 3, 15), (10, 2, 20), (1, 3, 2), (4, 1, 5)]
)
def test_a_lost_zone_needs_so_many_replicas(bare: int, zones: int, needed: int) -> None:
    assert zone_lost(bare, zones) == needed


@given(st.integers(1, 5000), st.integers(2, 9))
def test_the_bare_number_is_left_when_the_fullest_zone_is_lost(bare: int, zones: int) -> None:
    def left(count: int) -> int:
        return count - -(-count // zones)

    needed = zone_lost(bare, zones)
    assert left(needed) >= bare
    assert left(needed - 1) < bare


def test_the_lower_bound_of_one_replica_counts() -> None:
    # 300 / 30 = 10 with the bound that passed; 300 / 30.5 would be 10, 305 needs 11.
    assert bare_fleet(assumed(300, "turns/s"), sustainable(), None).value == 10
    found = bare_fleet(assumed(301, "turns/s"), sustainable(), None)
    assert (found.value, found.low, found.high) == (11, 10, 11)
    assert found.label is Label.ASSUMED


@given(st.floats(1, 3000), st.floats(1, 3000), st.floats(1, 200))
def test_more_load_never_needs_fewer_replicas(a: float, b: float, each: float) -> None:
    low, high = sorted((a, b))
    assert least(low, each) <= least(high, each)
    found = [
        bare_fleet(assumed(rate, "turns/s"), sustainable(rate=measured(each, "turns/s")), None)
        for rate in (low, high)
    ]
    if found[1].value is not None:
        assert found[0].value is not None
        assert found[0].value <= found[1].value


@given(st.floats(1, 360), st.floats(0, 0.3), st.floats(20, 40), st.floats(0, 5))
def test_the_interval_of_replicas_is_in_order(
    rate: float, spread: float, passed: float, more: float
) -> None:
    one = sustainable(rate=measured(passed + more / 2, "turns/s", passed, passed + more))
    target = assumed(rate, "turns/s", rate * (1 - spread), rate * (1 + spread))
    found = bare_fleet(target, one, None)
    if found.value is not None:
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.value <= found.high


@given(st.integers(1, 100), st.integers(0, 20), st.integers(2, 5))
def test_growing_keeps_the_order_of_the_interval(bare: int, spread: int, zones: int) -> None:
    figure = Figure(
        value=bare, unit="replicas", label=Label.ASSUMED, low=max(bare - spread, 1), high=bare
    )
    found = grown(figure, lambda n: zone_lost(n, zones), "a zone")
    assert found.low is not None
    assert found.high is not None
    assert found.value is not None
    assert found.low <= found.value <= found.high


def test_an_unknown_number_stays_unknown() -> None:
    found = grown(unknown("replicas", "probe it"), lambda n: n + 1, "one away")
    assert (found.value, found.why) == (None, "probe it")


def alone(rate: float) -> bool:
    """What was measured: one replica keeps the SLO at 30 turns a second."""
    return rate <= 30


def test_the_simulator_may_ask_for_more() -> None:
    asked: list[int] = []

    def passes(replicas: int, rate: float) -> bool:
        if replicas == 1:
            return alone(rate)
        asked.append(replicas)
        assert rate == 300
        return replicas >= 12

    found = bare_fleet(measured(300, "turns/s"), sustainable(), Simulation(passes, 12))
    assert asked == [10, 11, 12]
    assert (found.value, found.label) == (12, Label.SIMULATED)
    assert "2 more" in found.why


def test_the_simulator_is_not_asked_for_fewer() -> None:
    asked: list[int] = []

    def passes(replicas: int, rate: float) -> bool:
        asked.append(replicas)
        return replicas > 1 or alone(rate)

    found = bare_fleet(assumed(300, "turns/s"), sustainable(), Simulation(passes, 12))
    assert (asked, found.value) == ([1, 1, 10], 10)


def test_a_simulator_that_cannot_tell_changes_nothing() -> None:
    def passes(replicas: int, rate: float) -> bool | None:
        return alone(rate) if replicas == 1 else None

    found = bare_fleet(assumed(300, "turns/s"), sustainable(), Simulation(passes, 12))
    assert (found.value, found.label) == (10, Label.ASSUMED)
    assert "could not tell" in found.why


@pytest.mark.parametrize("always", [True, False, None])
def test_a_simulator_that_does_not_find_the_measured_load_is_not_used(
    always: bool | None,
) -> None:
    found = bare_fleet(
        measured(300, "turns/s"), sustainable(), Simulation(lambda replicas, rate: always, 12)
    )
    assert (found.value, found.label) == (10, Label.ASSUMED)
    assert "does not find the measured load of one replica" in found.why


def test_a_simulator_that_is_not_used_checks_no_larger_fleet() -> None:
    wrong = Simulation(lambda replicas, rate: True, 12)
    found = bare_fleet(measured(1000, "turns/s"), sustainable(), wrong)
    assert found.label is Label.UNKNOWN


def test_the_number_is_not_known_if_no_simulated_fleet_passes() -> None:
    def passes(replicas: int, rate: float) -> bool:
        return replicas == 1 and alone(rate)

    found = bare_fleet(assumed(300, "turns/s"), sustainable(), Simulation(passes, 12))
    assert found.label is Label.UNKNOWN
    assert "10 to 15 replicas" in found.why


def test_a_fleet_beyond_what_was_checked_is_not_known() -> None:
    # One replica was measured: 12 times that is the most.
    assert bare_fleet(assumed(360, "turns/s"), sustainable(), None).value == 12
    found = bare_fleet(assumed(361, "turns/s"), sustainable(), None)
    assert found.label is Label.UNKNOWN
    assert "2 replicas or more would tell" in found.why
    checked = Simulation(lambda replicas, rate: replicas > 1 or alone(rate), 12)
    assert bare_fleet(assumed(361, "turns/s"), sustainable(), checked).value == 13


@pytest.mark.parametrize("limit", ["Redis", "model"])
def test_a_shared_limit_is_no_base_for_a_fleet(limit: str) -> None:
    found = bare_fleet(assumed(300, "turns/s"), sustainable(limited_by=limit), None)
    assert found.label is Label.UNKNOWN
    assert limit in found.why


def test_no_search_makes_the_fleet_unknown() -> None:
    assert bare_fleet(assumed(300, "turns/s"), None, None).label is Label.UNKNOWN
    unsearched = sustainable(rate=unknown("turns/s", "the generator was too slow"))
    assert bare_fleet(assumed(300, "turns/s"), unsearched, None).why == "the generator was too slow"
