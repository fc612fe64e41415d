from __future__ import annotations

from dataclasses import replace

import pytest

from loadtests import arrivals, profile
from loadtests.forecast import (
    BASE_BYTES,
    DEAD_SHARE,
    SESSION_BYTES,
    TURN_BYTES,
    TURN_S,
    Forecast,
    forecast,
)
from loadtests.profile import Profile
from loadtests.profile_model import Hold, Phase
from tests.bench import session_memory

DIWALI = profile.load("diwali")
RATE, SECONDS, TTL = 5.0, 200.0, 20.0


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
    one, two, three = (SESSION_BYTES + turn * TURN_BYTES for turn in (1, 2, 3))
    pause = 3.0 + TURN_S
    held = RATE * (one * pause + two * pause + three * TTL)
    assert ahead.memory[middle] - BASE_BYTES == pytest.approx(held * (1 + DEAD_SHARE), rel=0.02)
    assert ahead.live[middle] == pytest.approx(RATE * (2 * pause + TTL), rel=0.02)


def test_before_the_first_session_expires_nothing_is_dead_and_uncounted_for() -> None:
    ahead = forecast(_steady(turns=1))
    early = _at(ahead, 15)
    held = ahead.live[early] * (SESSION_BYTES + TURN_BYTES)
    assert ahead.memory[early] - BASE_BYTES == pytest.approx(held)


def test_a_pause_longer_than_the_ttl_ends_the_session_and_the_next_turn_begins_another() -> None:
    ahead = forecast(_steady(turns=2, think_s=30.0))
    middle = _at(ahead, 150)
    assert ahead.live[middle] == pytest.approx(RATE * 2 * TTL, rel=0.02)
    # Each of the two lives holds one turn: nothing has grown over the gap.
    held = ahead.live[middle] * (SESSION_BYTES + TURN_BYTES) * (1 + DEAD_SHARE)
    assert ahead.memory[middle] - BASE_BYTES == pytest.approx(held, rel=0.02)


@pytest.mark.parametrize("name", profile.names())
def test_the_forecast_adds_up_and_ends_with_an_empty_server(name: str) -> None:
    loaded = profile.load(name)
    ahead = forecast(loaded)
    assert ahead.conversations == pytest.approx(loaded.curve().total)
    assert ahead.all_turns == pytest.approx(loaded.expected_turns, rel=0.05)
    assert ahead.seconds > loaded.load_seconds + loaded.real_ttl_seconds
    assert ahead.live[-1] == pytest.approx(0, abs=0.01 * max(ahead.live))
    assert ahead.memory[-1] == pytest.approx(BASE_BYTES, rel=0.01)
    assert max(ahead.memory) > BASE_BYTES


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


def test_the_bytes_it_counts_with_are_those_of_the_reference_service() -> None:
    measured = session_memory.measure(sessions=100)
    # Hash tables grow by doubling, so that few sessions are an uneven measure.
    assert measured.turn == pytest.approx(TURN_BYTES, rel=0.25)
    assert measured.session + 3 * measured.turn == pytest.approx(
        SESSION_BYTES + 3 * TURN_BYTES, rel=0.25
    )
    assert measured.base == pytest.approx(BASE_BYTES, rel=0.25)
