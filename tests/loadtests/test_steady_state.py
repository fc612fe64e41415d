"""Live sessions at a constant rate: counts, lengths, expiries and memory."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest

from loadtests.arrivals import steady_state
from loadtests.arrivals.forecast import TURN_S, forecast
from loadtests.arrivals.redis_sizes import REDIS
from loadtests.arrivals.steady_state import SteadyState
from loadtests.profiles import profile
from loadtests.profiles.model import Hold, Phase
from loadtests.profiles.profile import Profile


@pytest.fixture(scope="module")
def diwali() -> SteadyState:
    """That of the profile `diwali`."""
    return steady_state.of(profile.load("diwali"))


def one_turn(ttl: float) -> Profile:
    """Conversations of one turn that nobody deletes."""
    loaded = profile.load("diwali")
    talk = replace(loaded.conversation, max_turns=1, delete_share=0, sliding_ttl_customers=0)
    return replace(loaded, conversation=talk, compression=1.0, ttl_seconds=ttl)


def test_a_conversation_of_one_turn_keeps_its_session_for_the_ttl() -> None:
    steady = steady_state.of(one_turn(600.0))
    assert steady.session_s == pytest.approx(600.0)
    assert steady.turns_per_session == 1
    assert steady.live(10) == pytest.approx(6000.0)
    assert steady.rate(6000) == pytest.approx(10.0)
    assert steady.expiring(10) == pytest.approx(10.0)
    assert steady.live_bytes(10, REDIS) == pytest.approx(6000 * (REDIS.session + REDIS.turn))


def test_the_compression_of_a_profile_does_not_matter() -> None:
    loaded = profile.load("diwali")
    assert steady_state.of(loaded) == steady_state.of(replace(loaded, compression=7.0))


def test_the_sum_agrees_with_the_forecast_of_a_long_steady_load() -> None:
    ttl, rate = 300.0, 5.0
    loaded = profile.load("diwali")
    talk = replace(loaded.conversation, return_within_ttl=0, sliding_ttl_customers=0)
    load = replace(
        loaded,
        compression=1.0,
        ttl_seconds=ttl,
        base_rate=rate,
        phases=(Phase("steady", 60, Hold(1, 0)),),
        spikes=(),
        cliffs=(),
        conversation=talk,
    )
    steady, ahead = steady_state.of(load), forecast(load)
    middle = ahead.live[int(3000 / ahead.step_s)]
    assert steady.live(rate) == pytest.approx(middle, rel=0.02)
    held = ahead.memory[int(3000 / ahead.step_s)] - ahead.base_bytes
    expired = steady.expired(rate) / steady.live(rate)
    assert steady.live_bytes(rate, REDIS) * (1 + expired) == pytest.approx(held, rel=0.03)


def test_drawn_sessions_have_the_mean_length_of_live_sessions(diwali: SteadyState) -> None:
    drawn = [kept.turns for kept in diwali.sessions(5000)]
    assert statistics.fmean(drawn) == pytest.approx(diwali.turns_per_session, rel=0.01)
    assert min(drawn) == 1


def test_expiries_of_drawn_sessions_are_spread_over_the_ttl(diwali: SteadyState) -> None:
    left = [kept.left_s for kept in diwali.sessions(7200)]
    assert min(left) >= 0
    assert max(left) <= diwali.ttl_s
    by_tenth = [sum(low <= each < low + 720 for each in left) for low in range(0, 7200, 720)]
    # Sessions whose customer comes back never get near their expiry, so the last tenth is fuller.
    assert all(650 <= count <= 800 for count in by_tenth)


def test_the_same_number_of_sessions_is_the_same_sessions(diwali: SteadyState) -> None:
    assert list(diwali.sessions(100)) == list(diwali.sessions(100))


def test_the_shares_of_lengths_add_up_to_one(diwali: SteadyState) -> None:
    shares = diwali.shares()
    assert sum(shares.values()) == pytest.approx(1.0)
    mean = sum(turns * share for turns, share in shares.items())
    assert mean == pytest.approx(diwali.turns_per_session)


def test_few_sessions_leave_fewer_expired_ones_than_many(diwali: SteadyState) -> None:
    few, many = (diwali.expired(diwali.rate(live)) / live for live in (10_000, 300_000))
    assert 0 < few < 0.02
    assert 0.05 < many < 0.15


def test_a_session_is_live_from_its_first_answer_on() -> None:
    steady = steady_state.of(one_turn(600.0))
    assert steady.session_s < 600.0 + TURN_S
