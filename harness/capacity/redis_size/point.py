"""Measures Redis with so many sessions: one point."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from harness.capacity.redis_size import expiry, rewrite, turn_cost
from harness.capacity.redis_size.customer import plans
from harness.capacity.redis_size.stage import Stage
from harness.capacity.redis_size.templates import Templates
from loadtests.arrivals.steady_state import SteadyState
from loadtests.profiles.profile import Profile
from reports.capacity.findings import RedisPoint

_CONVERSATIONS = 40
_RUN = "measuringrun"
_SETTLE_S = 0.5
"""Redis reads its RSS ten times a second."""


def measure(
    stage: Stage,
    profile: Profile,
    steady: SteadyState,
    templates: Templates,
    sessions: int,
    say: Callable[[str], None],
) -> RedisPoint:
    """Fill an empty Redis with live sessions and measure it; it is full afterwards.

    Raises ChaosError.
    """
    empty = stage.empty()
    stage.writer.write(
        templates.copies(steady.sessions(sessions)),
        lambda done: say(f"{done:,} of {sessions:,} sessions written"),
    )
    time.sleep(_SETTLE_S)
    live = stage.used() - empty
    memory = stage.info("memory")
    say(f"{sessions:,} sessions: turns, rewrite and restart")
    talks = plans(profile, _RUN)
    stage.customer.converse(next(talks))  # warms up the connections, and the scripts
    cost = turn_cost.measure(stage, itertools.islice(talks, _CONVERSATIONS))
    rewritten = rewrite.play(stage, profile)
    restart_s = stage.restart()
    say(f"{sessions:,} sessions: expiry")
    share = expiry.measure(stage, templates, steady, sessions)
    return RedisPoint(
        sessions=sessions,
        turns_per_session=steady.turns_per_session,
        live_bytes=live,
        expired_bytes=share * live,
        rss_bytes=memory["used_memory_rss"],
        fragmentation=memory["used_memory_rss"] / memory["used_memory"],
        rewrite_extra_bytes=rewritten.extra_bytes,
        fork_s=rewritten.fork_s,
        rewrite_s=rewritten.seconds,
        longest_pause_s=rewritten.longest_pause_s,
        restart_s=restart_s,
        turn_script_s=cost.thread_s,
        turn_commands_s=cost.commands_s,
    )
