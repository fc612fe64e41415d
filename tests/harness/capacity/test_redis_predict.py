"""The prediction of Redis's memory, and where it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.capacity.redis_size import fit, predict, table
from loadtests.arrivals import steady_state
from loadtests.arrivals.forecast import forecast
from loadtests.arrivals.redis_sizes import VALKEY
from loadtests.profiles import profile
from loadtests.profiles.model import Hold, Phase
from reports.capacity.figure import Label
from reports.capacity.findings import RedisPoint, RedisSize

DIWALI = profile.load("diwali")
STEADY = steady_state.of(DIWALI)


def measured(sessions: int = 10_000) -> RedisSize:
    """A Valkey whose sessions have the sizes of `redis_sizes`."""
    each = VALKEY.session_of(0) + STEADY.turns_per_session * VALKEY.turn
    live = each * sessions
    rate = STEADY.rate(sessions)
    point = RedisPoint(
        sessions=sessions,
        turns_per_session=STEADY.turns_per_session,
        live_bytes=live,
        expired_bytes=live * STEADY.expired(rate) / sessions,
        rss_bytes=1.1 * live,
        fragmentation=1.1,
        rewrite_extra_bytes=0.2 * live,
        fork_s=0.001,
        rewrite_s=0.1,
        longest_pause_s=0.01,
        restart_s=0.1,
        turn_script_s=0.0003,
    )
    return fit.fit("valkey 9.1", [point], [VALKEY.server])


def test_a_number_of_sessions_beyond_three_times_the_largest_point_is_not_within_reach() -> None:
    size = measured(10_000)
    assert predict.within(size, 30_000)
    assert not predict.within(size, 30_001)
    assert not predict.within(fit.not_known("nothing"), 1)


def test_memory_within_reach_is_that_of_the_forecast() -> None:
    rate = STEADY.rate(10_000)
    talk = replace(DIWALI.conversation, sliding_ttl_customers=0)
    load = replace(
        DIWALI,
        compression=1.0,
        base_rate=rate,
        phases=(Phase("steady", 600, Hold(1, 0)),),
        spikes=(),
        cliffs=(),
        conversation=talk,
    )
    ahead = forecast(load, server="valkey")
    late = ahead.memory[int(0.95 * load.load_seconds / ahead.step_s)]
    found = predict.used_memory(measured(10_000), steady_state.of(load), rate)
    assert found.value == pytest.approx(late, rel=0.05)
    assert found.label is Label.FITTED


def test_memory_beyond_reach_is_not_known_and_says_what_to_measure() -> None:
    found = predict.used_memory(measured(10_000), STEADY, STEADY.rate(50_000))
    assert found.value is None
    assert "50,000 sessions are more than 3 times the largest measured number, 10,000" in found.why


def test_a_longer_ttl_needs_more_memory_at_the_same_rate() -> None:
    longer = steady_state.of(replace(DIWALI, ttl_seconds=2 * DIWALI.ttl_seconds))
    size, rate = measured(10_000), STEADY.rate(10_000)
    once, twice = (predict.used_memory(size, each, rate).value for each in (STEADY, longer))
    assert once is not None
    assert twice is not None
    assert twice / once == pytest.approx(2, rel=0.1)


def test_the_table_shows_the_points_and_the_figures_with_their_labels() -> None:
    text = table.text(measured())
    assert "valkey 9.1" in text.splitlines()[0]
    assert "10,000" in text.splitlines()[0]
    assert "a session                           3458 bytes  fitted; measured with" in text
    assert "not known: measure Redis with more numbers of sessions" in text


def test_the_table_of_nothing_says_why() -> None:
    assert "not known: no size fits" in table.text(fit.not_known("no size fits"))
