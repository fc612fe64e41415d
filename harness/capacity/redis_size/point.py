"""Measures Redis with this many sessions: one point."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Iterator

from harness.capacity.redis_size import expiry, rewrite, turn_cost
from harness.capacity.redis_size.course import Course, Step
from harness.capacity.redis_size.customer import plans
from harness.capacity.redis_size.stage import Stage
from harness.capacity.redis_size.templates import Templates
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.arrivals.steady_state import SteadyState
from loadtests.profiles.profile import Profile
from reports.capacity.findings import RedisPoint, RedisRestart

_BLOCKS, _CONVERSATIONS = 3, 16
_RESTARTS = 2
_RUN = "measuringrun"
_SETTLE_S = 0.5
"""Redis reads its RSS ten times a second."""

Talks = Iterator[ConversationPlan]


def measure(
    stage: Stage,
    profile: Profile,
    steady: SteadyState,
    templates: Templates,
    sessions: int,
    course: Course,
) -> RedisPoint:
    """Fill an empty Redis with live sessions and measure it; it is full afterwards.

    Raises ChaosError.
    """
    empty = stage.empty()
    copies = range(stage.writer.next_number, stage.writer.next_number + sessions)
    stage.writer.write(
        templates.copies(steady.sessions(sessions)),
        lambda done: course.at(
            Step.FILL, f"{done:,} of {sessions:,} sessions written", sessions, done / sessions
        ),
    )
    time.sleep(_SETTLE_S)
    live, memory = stage.used() - empty, stage.info("memory")
    course.at(Step.TURNS, f"{sessions:,} sessions: turns", sessions)
    talks = plans(profile, _RUN)
    stage.customer.converse(next(talks))  # warms up the connections, and the scripts
    cost = turn_cost.measure(stage, blocks(talks))
    turns_per_s = steady.rate(sessions) * steady.turns_per_conversation
    restarts = []
    for number in range(_RESTARTS):
        text = f"{sessions:,} sessions: rewrite and restart {number + 1} of {_RESTARTS}"
        course.at(Step.RESTARTS, text, sessions, number / _RESTARTS)
        restarts.append(_restart(stage, talks, copies, turns_per_s))
    loaded = stage.used() - empty
    share = expiry.measure(
        stage,
        templates,
        steady,
        sessions,
        lambda done: course.at(Step.EXPIRY, f"{sessions:,} sessions: expiry", sessions, done),
    )
    return RedisPoint(
        sessions=sessions,
        turns_per_session=steady.turns_per_session,
        live_bytes=live,
        expired_bytes=share * live,
        rss_bytes=memory["used_memory_rss"],
        fragmentation=memory["used_memory_rss"] / memory["used_memory"],
        rewrite_extra_bytes=statistics.median(each.rewrite_extra_bytes for each in restarts),
        fork_s=statistics.median(each.fork_s for each in restarts),
        rewrite_s=statistics.median(each.rewrite_s for each in restarts),
        longest_pause_s=max(each.longest_pause_s for each in restarts),
        restart_s=statistics.median(each.restart_s for each in restarts),
        turn_script_s=statistics.median(cost.threads_s),
        turn_commands_s=cost.commands_s,
        turn_scripts_s=cost.threads_s,
        loaded_bytes=loaded,
        restarts=tuple(restarts),
    )


def blocks(talks: Talks) -> Iterator[list[ConversationPlan]]:
    """Blocks of conversations to measure turns with."""
    for _ in range(_BLOCKS):
        yield list(itertools.islice(talks, _CONVERSATIONS))


def _restart(stage: Stage, talks: Talks, copies: range, turns_per_s: float) -> RedisRestart:
    stage.customer.converse(next(talks))  # the replica connects again after a restart
    rewritten = rewrite.play(stage, talks, copies, turns_per_s)
    return RedisRestart(
        fork_s=rewritten.fork_s,
        rewrite_s=rewritten.seconds,
        rewrite_extra_bytes=rewritten.extra_bytes,
        longest_pause_s=rewritten.longest_pause_s,
        restart_s=stage.restart(),
    )
