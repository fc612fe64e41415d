"""The measured Redis in a plan agrees with the forecast of a load, and is shown in a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.capacity.redis_size import fit, table
from loadtests.arrivals import steady_state
from loadtests.arrivals.forecast import forecast
from loadtests.arrivals.redis_sizes import VALKEY
from loadtests.profiles import profile
from loadtests.profiles.model import Hold, Phase
from reports.capacity import prices
from reports.capacity.findings import RedisPoint, RedisSize
from reports.capacity.redis_plan import RedisPlan, plan_redis
from reports.capacity.target import Assumptions, Target
from reports.figures.derive import assumed
from reports.figures.figure import Label

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


def planned(rate: float, steady: steady_state.SteadyState) -> RedisPlan:
    """The plan of Redis for so many conversations a second of this steady state."""
    target = Target(
        name="a rate",
        turns_per_s=assumed(rate * steady.turns_per_session, "turns/s", "given"),
        turns_per_conversation=steady.turns_per_session,
        live_sessions=assumed(steady.live(rate), "sessions", "given"),
        ttl_s=DIWALI.ttl_seconds,
    )
    return plan_redis(target.as_given(), measured(10_000), prices.read(), Assumptions())


def test_the_planned_memory_is_that_of_the_forecast() -> None:
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
    memory = planned(rate, steady_state.of(load)).memory
    assert memory.live.value is not None
    assert memory.expired.value is not None
    assert memory.live.value + memory.expired.value == pytest.approx(late, rel=0.05)
    assert memory.live.label is Label.FITTED


def test_a_longer_ttl_needs_more_memory_at_the_same_rate() -> None:
    longer = steady_state.of(replace(DIWALI, ttl_seconds=2 * DIWALI.ttl_seconds))
    rate = STEADY.rate(10_000)
    once, twice = (planned(rate, each).memory.live.value for each in (STEADY, longer))
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
