"""The peak that a profile asks of a machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loadtests.arrivals import arrivals
from loadtests.arrivals.peak import peak_turns_per_s
from loadtests.profiles import profile
from loadtests.profiles.model import Spike

DIWALI = profile.load("diwali")


def test_the_peak_of_diwali_is_its_opening() -> None:
    assert peak_turns_per_s(DIWALI, 41) == pytest.approx(28 * 2.5, rel=0.01)


def test_a_spike_of_a_quarter_of_a_second_does_not_make_the_peak() -> None:
    """Ten times the rate for 0.25 s of 5 s is 45 % more, not nine times more."""
    (opening,) = [start for name, start, _ in DIWALI.planned_phases() if name == "opening"]
    spike = Spike(at=(opening + 2) * 4, minutes=1, times=10)
    spiky = replace(DIWALI, spikes=(spike,))
    assert peak_turns_per_s(spiky, 41) == pytest.approx(70 * 1.45, rel=0.01)


def test_the_peak_follows_the_scale_and_the_day_of_the_seed() -> None:
    assert peak_turns_per_s(DIWALI.scaled(0.46), 41) == pytest.approx(0.46 * 70, rel=0.01)
    varied = replace(DIWALI, day_cv=0.3)
    busy = arrivals.day_factor(varied, 5)
    assert busy != 1
    assert peak_turns_per_s(varied, 5) == pytest.approx(busy * 70, rel=0.01)


@pytest.mark.parametrize("name", profile.names())
def test_every_profile_has_a_peak_of_at_most_its_highest_rate(name: str) -> None:
    load = profile.load(name)
    highest = load.curve().highest * load.conversation.expected_turns
    assert 0 < peak_turns_per_s(load, 1) <= highest * arrivals.day_factor(load, 1) * 1.0001


def test_a_scaled_profile_has_all_its_arrivals_scaled() -> None:
    half = DIWALI.scaled(0.5)
    assert half.curve().total == pytest.approx(DIWALI.curve().total / 2)
    assert profile.from_dict(half.to_dict()) == half
