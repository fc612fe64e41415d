"""What if: longer conversations, a slower model, and a Redis that syncs every write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.capacity.target import Assumptions
from reports.capacity.told import NOT_TOLD
from reports.capacity.what_if import (
    erlang_loss,
    erlang_rate,
    longer_history,
    slower_model,
    synced_shards,
)
from reports.figures.figure import Label
from tests.reports.capacity.a_capacity_run import (
    demand,
    findings,
    fitted,
    measured,
    nothing,
    redis_size,
    sustainable,
    target,
)


def test_half_more_history_costs_half_of_its_part_more() -> None:
    # 30 ms a turn, of which 6 ms for history: 3 ms more are 10 %.
    found, note = longer_history(demand(), sustainable(), 0.5)
    assert found.value == pytest.approx(30.5 / 1.1)
    assert found.label is Label.FITTED
    assert note == "a turn takes 10 % more CPU"


def test_longer_history_is_not_known_where_the_processor_is_not_the_limit() -> None:
    found, _ = longer_history(demand(), sustainable(limited_by="turns in flight"), 0.5)
    assert found.label is Label.UNKNOWN


def test_longer_history_is_not_known_where_its_cost_was_not_told_apart() -> None:
    blurred = demand(replica_cpu_base_s=fitted(0.006, "s", -0.003, 0.015))
    found, _ = longer_history(blurred, sustainable(), 0.5)
    assert found.label is Label.UNKNOWN
    assert found.why == NOT_TOLD


def test_a_slower_model_changes_nothing_while_places_are_free() -> None:
    # 0.16 s and twice 0.12 s more: 0.4 s in 64 places.
    found, note = slower_model(findings(), 3)
    assert found.value == 30.5
    assert note.startswith("no change: 64 turns in flight")


def test_a_slower_model_lets_the_bound_of_turns_in_flight_bind() -> None:
    few = demand(in_flight_limit=10)
    found, note = slower_model(findings(demand=few), 3)
    assert note.startswith("the in-flight limit binds")
    # Ten places of 0.4 s refuse one turn in a thousand at 3.09 erlangs (Erlang's tables).
    assert found.value == pytest.approx(3.09 / 0.4, rel=0.01)


def test_a_model_slower_than_the_limit_is_kept_by_no_fleet() -> None:
    slow = demand(model_s=measured(1.5, "s"))
    found, _ = slower_model(findings(demand=slow), 3)
    assert found.label is Label.UNKNOWN
    assert found.why == "no fleet keeps the SLO: half of the turns take 3.2 s"


def test_a_service_without_a_known_bound_is_unknown() -> None:
    found, _ = slower_model(findings(demand=demand(in_flight_limit=None)), 3)
    assert found.label is Label.UNKNOWN


@pytest.mark.parametrize(
    ("places", "offered", "share"), [(1, 1.0, 0.5), (2, 1.0, 0.2), (10, 5.0, 0.0184)]
)
def test_erlang_s_formula_gives_its_published_values(
    places: int, offered: float, share: float
) -> None:
    assert erlang_loss(places, offered) == pytest.approx(share, abs=1e-4)


@given(st.integers(1, 200), st.floats(0.01, 10), st.floats(0.0001, 0.1))
def test_the_rate_of_erlang_s_formula_is_where_its_share_is_reached(
    places: int, seconds: float, refused: float
) -> None:
    rate = erlang_rate(places, seconds, refused)
    assert 0 <= rate <= places / seconds
    assert erlang_loss(places, rate * seconds) <= refused + 1e-9
    if rate < 0.99 * places / seconds:
        assert erlang_loss(places, rate * seconds * 1.01) > refused


def test_syncing_every_write_needs_so_many_shards() -> None:
    # 300 turns a second of 5 ms are 1.5 cores, 70 % of each planned.
    slow = redis_size(turn_always_s=measured(0.005, "s"))
    found, note = synced_shards(target(300), slow, Assumptions())
    assert (found.value, note) == (3, "5 ms of Redis a turn")
    unmeasured = redis_size(turn_always_s=None)
    assert synced_shards(target(300), unmeasured, Assumptions())[0].label is Label.UNKNOWN


def test_nothing_measured_leaves_every_answer_unknown() -> None:
    figures = (
        longer_history(None, None, 0.5)[0],
        slower_model(nothing(), 3)[0],
        synced_shards(target(300), None, Assumptions())[0],
    )
    assert {figure.label for figure in figures} == {Label.UNKNOWN}
