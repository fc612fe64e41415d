from __future__ import annotations

from dataclasses import replace

import pytest

from loadtests.arrivals import arrivals, conversation
from loadtests.arrivals.forecast import TURN_S, Forecast, forecast
from loadtests.arrivals.redis_sizes import REDIS, of_server, unreclaimed
from loadtests.profiles import profile
from loadtests.profiles.model import Hold, Phase
from loadtests.profiles.profile import Profile
from tests.bench import session_memory

DIWALI = profile.load("diwali")
RATE, SECONDS, TTL = 5.0, 200.0, 20.0
DEAD = unreclaimed([RATE * TTL] * 1000, [RATE * 0.5] * 1000, 0.5)[-1] / (RATE * TTL)
"""Dead sessions beside the live ones of a steady load of one turn."""


def _steady(turns: int, think_s: float = 3.0) -> Profile:
    """Five conversations a second for 200 s, all of so many turns, think time and a TTL of 20 s."""
    talk = replace(
        DIWALI.conversation,
        mean_turns=1e9,
        max_turns=turns,
        abandon_share=0,
        delete_share=0,
        think_median=think_s,
        think_sigma=0,
        return_within_ttl=0,
        sliding_ttl_customers=0,
    )
    phases = (Phase("steady", SECONDS / 60, Hold(1, 0)),)
    return replace(
        DIWALI,
        compression=1,
        ttl_seconds=TTL,
        base_rate=RATE,
        phases=phases,
        spikes=(),
        cliffs=(),
        conversation=talk,
    )


def _at(ahead: Forecast, t: float) -> int:
    return int(t / ahead.step_s)


def test_a_steady_load_of_one_turn_holds_rate_times_ttl() -> None:
    ahead = forecast(_steady(turns=1))
    middle = _at(ahead, 150)
    assert ahead.arrivals[middle] == pytest.approx(RATE)
    assert ahead.turns[middle] == pytest.approx(RATE)
    assert ahead.open[middle] == pytest.approx(RATE * TURN_S, rel=0.02)
    assert ahead.live[middle] == pytest.approx(RATE * TTL, rel=0.02)


def test_memory_is_the_sum_over_turns_times_the_time_until_the_next_write() -> None:
    ahead = forecast(_steady(turns=3))
    middle = _at(ahead, 150)
    one, two, three = (REDIS.session_of(turns) for turns in (1, 2, 3))
    pause = 3.0 + TURN_S
    held = RATE * (one * pause + two * pause + three * TTL)
    assert ahead.memory[middle] - ahead.base_bytes == pytest.approx(held * (1 + DEAD), rel=0.02)
    assert ahead.live[middle] == pytest.approx(RATE * (2 * pause + TTL), rel=0.02)


def test_before_the_first_session_expires_nothing_is_dead_and_uncounted_for() -> None:
    ahead = forecast(_steady(turns=1))
    early = _at(ahead, 15)
    held = ahead.live[early] * REDIS.session_of(1)
    assert ahead.memory[early] - ahead.base_bytes == pytest.approx(held)


def test_a_pause_longer_than_the_ttl_ends_the_session_and_the_next_turn_begins_another() -> None:
    ahead = forecast(_steady(turns=2, think_s=30.0))
    middle = _at(ahead, 150)
    assert ahead.live[middle] == pytest.approx(RATE * 2 * TTL, rel=0.02)
    # Each of the two lives holds one turn: nothing has grown over the gap.
    held = ahead.live[middle] * REDIS.session_of(1) * (1 + DEAD)
    assert ahead.memory[middle] - ahead.base_bytes == pytest.approx(held, rel=0.02)


@pytest.mark.parametrize("name", profile.names())
def test_the_forecast_adds_up_and_ends_with_an_empty_server(name: str) -> None:
    loaded = profile.load(name)
    ahead = forecast(loaded)
    assert ahead.conversations == pytest.approx(loaded.expected_conversations)
    assert ahead.all_turns == pytest.approx(loaded.expected_turns, rel=0.05)
    assert ahead.seconds > loaded.load_seconds + loaded.real_ttl_seconds
    assert ahead.live[-1] == pytest.approx(0, abs=0.01 * max(ahead.live))
    assert ahead.memory[-1] == pytest.approx(ahead.base_bytes, rel=0.01)
    assert max(ahead.memory) > ahead.base_bytes


def test_deleted_sessions_are_gone_at_once() -> None:
    kept = _steady(turns=2)
    deleted = replace(kept, conversation=replace(kept.conversation, delete_share=1))
    ahead = forecast(deleted)
    assert ahead.live[_at(ahead, 150)] == pytest.approx(RATE * (3.0 + TURN_S), rel=0.02)


def test_with_a_seed_the_arrivals_are_those_of_the_seed() -> None:
    ahead = forecast(DIWALI, seed=3)
    planned = arrivals.plan(DIWALI, 3)
    assert ahead.conversations == pytest.approx(len(planned))
    first = sum(arrival.due < 100 * ahead.step_s for arrival in planned)
    assert sum(ahead.arrivals[:100]) * ahead.step_s == pytest.approx(first)


def test_a_seed_s_busy_day_is_in_its_forecast() -> None:
    varied = replace(DIWALI, day_cv=0.3)
    ahead = forecast(varied, seed=4)
    assert ahead.day_factor == arrivals.day_factor(varied, 4)
    assert ahead.conversations == pytest.approx(ahead.day_factor * DIWALI.curve().total, rel=0.15)
    assert forecast(varied).day_factor == 1


def test_with_a_seed_every_conversation_is_the_one_that_will_be_played() -> None:
    ahead = forecast(DIWALI, seed=3)
    plans = [conversation.plan(DIWALI, each, "run") for each in arrivals.stream(DIWALI, 3)]
    assert ahead.all_turns == pytest.approx(sum(len(plan.messages) for plan in plans))


def test_a_load_scaled_down_is_forecast_as_such() -> None:
    half = replace(DIWALI, base_rate=DIWALI.base_rate / 2)
    whole, less = (max(ahead.memory) - ahead.base_bytes for ahead in map(forecast, (DIWALI, half)))
    assert less == pytest.approx(whole / 2, rel=0.05)


@pytest.mark.parametrize(("keys_a_second", "share"), [(8, 0.019), (67, 0.073), (84, 0.081)])
def test_expired_sessions_wait_for_their_turn_as_measured(
    keys_a_second: float, share: float
) -> None:
    # The share of keys that are dead, of 20,000 keys with that many expiring; it needs time.
    live, gone = [6667.0] * 4000, [keys_a_second / 3] * 4000
    dead = unreclaimed(live, gone, 1.0)[-1]
    assert dead / (dead + live[-1]) == pytest.approx(share, rel=0.1)


def test_a_drained_server_keeps_no_dead_session() -> None:
    live = [100.0] * 10 + [0.0] * 100
    assert unreclaimed(live, [0.0] * 10 + [100.0] + [0.0] * 99, 0.5)[-1] < 1


@pytest.mark.slow
@pytest.mark.service
def test_the_bytes_it_counts_with_are_those_of_the_reference_service() -> None:
    with session_memory.Stage(1, "bundled") as stage:
        measured = session_memory.measure(stage, sessions=100)
    sizes = of_server(measured.server)
    # Hash tables grow by doubling, so that few sessions are an uneven measure.
    assert measured.turn == pytest.approx(sizes.turn, rel=0.25)
    assert measured.session + 3 * measured.turn == pytest.approx(sizes.session_of(3), rel=0.25)
    assert measured.base == pytest.approx(sizes.server, rel=0.25)


def test_a_number_of_sessions_below_zero_by_rounding_counts_as_zero() -> None:
    # The search halves: at the first step it looks at just half of the dead ones.
    assert unreclaimed([-0.5], [1.0], 1.0) == unreclaimed([0.0], [1.0], 1.0)
