"""Arithmetic on figures: intervals, labels, and unknown parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reports.figures.derive import conservative, derive, percent, up, weakest
from reports.figures.figure import Figure, Label, unknown
from tests.reports.capacity.a_capacity_run import assumed, fitted, measured

NUMBERS = st.floats(0.1, 1000)
INTERVALS = st.lists(NUMBERS, min_size=3, max_size=3).map(sorted)
KNOWN = st.sampled_from([label for label in Label if label is not Label.UNKNOWN])


@st.composite
def figures(draw: st.DrawFn) -> Figure:
    """A known figure, with an interval or without one."""
    low, value, high = draw(INTERVALS)
    figure = Figure(value=value, unit="s", label=draw(KNOWN))
    return replace(figure, low=low, high=high) if draw(st.booleans()) else figure


@given(figures(), figures())
def test_the_interval_holds_the_value_and_the_label_is_the_weakest(a: Figure, b: Figure) -> None:
    found = derive(lambda x, y: x / y, a, b, unit="share")
    assert found.value is not None
    if found.low is not None and found.high is not None:
        assert found.low <= found.value <= found.high
    assert found.label is weakest(a.label, b.label)
    assert (found.low is None) == (a.low is None and b.low is None)


@given(figures())
def test_a_result_with_an_unknown_part_is_unknown(a: Figure) -> None:
    found = derive(lambda x, y: x + y, a, unknown("s", "measure it"), unit="s")
    assert (found.value, found.label, found.why) == (None, Label.UNKNOWN, "measure it")


def test_a_quotient_uses_the_far_ends() -> None:
    found = derive(lambda x, y: x / y, measured(10, "s", 8, 12), fitted(2, "s", 1, 4), unit="share")
    assert (found.value, found.low, found.high, found.label) == (5, 2, 12, Label.FITTED)


def test_a_part_that_is_at_least_its_value_leaves_the_result_open_where_it_would_move() -> None:
    at_least = measured(30, "turns/s", low=30)
    shared = derive(lambda rate, count: rate / count, at_least, assumed(3, "replicas"), unit="s")
    assert (shared.low, shared.value, shared.high) == (10, 10, None)
    needed = derive(lambda load, rate: load / rate, assumed(300, "s"), at_least, unit="replicas")
    assert (needed.low, needed.value, needed.high) == (None, 10, 10)


def test_a_label_may_be_set_lower_than_the_parts_say() -> None:
    found = derive(lambda x: x, measured(1, "s"), unit="s", at_least=Label.ASSUMED)
    assert found.label is Label.ASSUMED


def test_the_conservative_end_is_the_lower_one() -> None:
    assert conservative(assumed(3, "s", 2, 4)) == 2
    assert conservative(assumed(3, "s")) == 3
    assert conservative(unknown("s", "")) is None


def test_a_rounding_error_adds_no_replica() -> None:
    assert up(0.1 * 3 / 0.1) == 3
    assert up(3.001) == 4


def test_a_share_is_told_as_a_percentage() -> None:
    assert percent(0.7) == "70 %"
