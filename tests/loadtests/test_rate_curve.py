from __future__ import annotations

import pytest

from loadtests.profiles import profile
from loadtests.profiles.rate_curve import Curve, Linear, Power, decay

CURVES = {
    "flat": Curve([Linear(10, 3, 3)]),
    "a ramp from nothing": Curve([Linear(10, 0, 4)]),
    "a ramp to nothing": Curve([Linear(10, 4, 0)]),
    "a power law": Curve([Power(20, 10, 2, 0.4, 2)]),
    "a decay onto its floor": Curve(decay(100, 10, 2, 0.4, 3)),
    "a silence in the middle": Curve([Linear(5, 2, 2), Linear(5, 0, 0), Linear(5, 2, 2)]),
    "a spike across a joint": Curve([Linear(5, 1, 2), Power(5, 2, 2, 0.5, 2)]).multiplied(4, 2, 3),
    "a cliff": Curve([Linear(10, 2, 4)]).held_back(2, 3, 0.9, 2),
    "diwali": profile.load("diwali").curve(),
    "smoke": profile.load("smoke").curve(),
}


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_the_count_is_the_integral_of_the_rate(curve: Curve) -> None:
    steps = 20_000
    width = curve.seconds / steps
    area = sum(curve.rate((step + 0.5) * width) for step in range(steps)) * width
    assert area == pytest.approx(curve.total, rel=1e-3)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_when_is_the_inverse_of_count(curve: Curve) -> None:
    for share in (0.0, 0.001, 0.2, 0.5, 0.8, 0.999):
        count = share * curve.total
        assert curve.count(curve.when(count)) == pytest.approx(count, abs=1e-6)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_when_never_goes_back_nor_leaves_the_curve(curve: Curve) -> None:
    times = [curve.when(step / 500 * curve.total) for step in range(500)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= curve.seconds


def test_a_decay_follows_its_law_and_stops_at_the_floor() -> None:
    curve = Curve(decay(seconds=1000, peak=10, t0=2, exponent=0.4, floor=3))
    for x in (0.0, 1.0, 10.0, 30.0, 40.0, 500.0):
        assert curve.rate(x) == pytest.approx(max(3, 10 * ((x + 2) / 2) ** -0.4))


def test_a_decay_from_below_its_floor_is_the_floor() -> None:
    assert Curve(decay(10, peak=2, t0=1, exponent=0.4, floor=3)).rate(5) == 3


def test_a_decay_that_would_touch_its_floor_in_longer_than_a_float_can_say_only_falls() -> None:
    # 10^600 times `after`: every value is within the bounds of a profile.
    (piece,) = decay(seconds=100, peak=1000, t0=1, exponent=0.01, floor=0.001)
    assert piece.rate(100) == pytest.approx(1000 * 101**-0.01)
    quick = decay(seconds=100, peak=1000, t0=0.00001, exponent=0.99, floor=0.001)
    assert [type(each) for each in quick] == [Power, Linear]
    assert sum(each.seconds for each in quick) == 100


def test_a_spike_multiplies_the_rate_inside_it_and_nothing_else() -> None:
    plain = Curve([Linear(10, 0, 10), Linear(10, 10, 10)])
    spiked = plain.multiplied(8, 4, 3)
    for t in (0.0, 7.99, 12.01, 19.0):
        assert spiked.rate(t) == pytest.approx(plain.rate(t))
    for t in (8.01, 9.99, 10.01, 11.99):
        assert spiked.rate(t) == pytest.approx(3 * plain.rate(t))
    assert spiked.seconds == plain.seconds


def test_a_cliff_moves_arrivals_to_later_and_loses_none() -> None:
    plain = Curve([Linear(10, 4, 4)])
    cliff = plain.held_back(start=2, seconds=3, share=0.75, back=1)
    assert [cliff.rate(t) for t in (1, 3, 5.5, 6.5)] == pytest.approx([4, 1, 4 + 9, 4])
    assert cliff.count(6) == pytest.approx(plain.count(6))
    assert cliff.total == pytest.approx(plain.total)


def test_a_cliff_before_a_silence_changes_nothing() -> None:
    plain = Curve([Linear(5, 4, 4), Linear(5, 0, 0)])
    assert plain.held_back(start=2, seconds=3, share=0.75, back=1).total == plain.total


def test_the_rate_is_zero_outside_the_curve() -> None:
    assert CURVES["flat"].rate(-0.1) == 0
    assert CURVES["flat"].rate(10) == 0


def test_a_curve_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one piece"):
        Curve([])
