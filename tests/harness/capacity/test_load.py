"""The load of a probe: a constant rate of the profile's own customers."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from harness.capacity import load
from harness.capacity.load import Stage
from loadtests.profiles import profile as profiles
from loadtests.profiles.profile import Profile

NAMES = ("diwali", "smoke", "soak", "flash-sale", "ttl-edge")


def probe(name: str = "diwali", rate: float = 30.0) -> Profile:
    return load.profile_at(profiles.load(name), rate, load.steady(10, 30))


@pytest.mark.parametrize("name", NAMES)
def test_the_generator_accepts_the_profile_of_a_probe(name: str) -> None:
    made = probe(name)
    assert profiles.from_dict(made.to_dict()) == made


@pytest.mark.parametrize("name", NAMES)
def test_a_probe_plans_its_rate_in_turns_a_second(name: str) -> None:
    made = probe(name, rate=24.0)
    assert made.load_seconds == pytest.approx(40)
    assert made.expected_turns == pytest.approx(24 * 40)
    assert load.judged(made) == [pytest.approx((10, 40))]


def test_a_probe_keeps_the_cost_of_a_turn_and_the_limits() -> None:
    before, made = profiles.load("smoke"), probe("smoke")
    talk, kept = before.conversation, made.conversation
    for name in ("mean_turns", "max_turns", "abandon_share", "stream_share", "deadline_s"):
        assert getattr(kept, name) == getattr(talk, name), name
    assert (made.journeys, made.slo) == (before.journeys, before.slo)
    assert made.real_ttl_seconds == before.real_ttl_seconds


def test_a_probe_has_no_spikes_no_cliffs_and_no_customers_who_return_after_a_ttl() -> None:
    made = probe("diwali")
    assert (made.spikes, made.cliffs, made.day_cv) == ((), (), 0.0)
    assert made.conversation.return_after_ttl == made.conversation.return_within_ttl == 0
    assert made.conversation.gaps_at_ttl == ()
    assert made.sliding_ttl().dues == ()


def test_long_think_times_are_shortened_and_short_ones_are_kept() -> None:
    short = profiles.load("diwali")
    assert load.mean_think_s(probe("diwali")) == load.mean_think_s(short)
    slow = replace(short, compression=1.0)
    made = load.profile_at(slow, 30, load.steady(10, 30))
    thinking = load.mean_think_s(made) * (made.conversation.expected_turns - 1)
    assert thinking == pytest.approx(load.LONGEST_TALK_S)
    assert made.real_ttl_seconds == 7200


def test_an_overload_has_its_own_level() -> None:
    stages = (Stage("warmup", 5), Stage("overload", 10, 1.5), Stage("after", 20))
    made = load.profile_at(profiles.load("smoke"), 20, stages)
    curve = made.curve()
    talks = made.conversation.expected_turns
    rates = [curve.rate(moment) * talks for moment in (2, 5.1, 14.9, 15.1)]
    assert rates == [pytest.approx(rate) for rate in (20, 30, 30, 20)]


def test_the_seed_of_a_probe_plans_the_turns_of_its_rate() -> None:
    made = probe(rate=30.0)
    seed = load.even_seed(made, None, load.seeds_of(7, "probe-01"))
    assert load.planned_turns(made, None, seed) == [pytest.approx(30 * 30, rel=load.EVEN)]


def test_the_load_after_an_overload_is_no_more_than_planned_either() -> None:
    stages = (Stage("warmup", 5), Stage("measured", 3), Stage("overload", 6, 1.5))
    made = load.profile_at(profiles.load("smoke"), 60, (*stages, Stage("after", 36)))
    seed = load.even_seed(made, None, load.seeds_of(7, "overload"))
    measured, overload, after = load.planned_turns(made, None, seed)
    longest = 60 * 36
    assert after == pytest.approx(longest, rel=0.03)
    assert measured == pytest.approx(60 * 3, abs=0.03 * longest)
    assert overload == pytest.approx(1.5 * 60 * 6, abs=0.03 * longest)


def test_each_probe_has_other_seeds_and_the_same_ones_again() -> None:
    def first(seed: int, name: str) -> list[int]:
        return list(itertools.islice(load.seeds_of(seed, name), 5))

    assert first(7, "probe-01") == first(7, "probe-01")
    assert not set(first(7, "probe-01")) & set(first(7, "probe-02"))
    assert not set(first(7, "probe-01")) & set(first(8, "probe-01"))
