"""The time of Redis's main thread for one turn."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from harness.capacity.redis_size.stage import Stage
from loadtests.arrivals.conversation import ConversationPlan

_IDLE_S = 1.0


@dataclass(frozen=True, slots=True)
class TurnCost:
    """Over so many turns, the creations of their sessions included."""

    turns: int
    thread_s: float
    """CPU seconds of the main thread a turn, without those of an idle server: reading, scripts,
    answers, and the write to the append-only file."""
    commands_s: float
    """Seconds within the commands and scripts a turn, by INFO commandstats."""


def measure(stage: Stage, conversations: Iterable[ConversationPlan]) -> TurnCost:
    """Play these conversations one after the other.  Raises ChaosError."""
    resting = _main_thread_s(stage)
    time.sleep(_IDLE_S)
    before, commands = _main_thread_s(stage), _commands_s(stage)
    idle = (before - resting) / _IDLE_S
    begun = time.monotonic()
    turns = sum(stage.customer.converse(plan) for plan in conversations)
    used = _main_thread_s(stage) - before - idle * (time.monotonic() - begun)
    return TurnCost(turns, used / turns, (_commands_s(stage) - commands) / turns)


def _main_thread_s(stage: Stage) -> float:
    cpu = stage.info("cpu")
    return float(cpu["used_cpu_user_main_thread"] + cpu["used_cpu_sys_main_thread"])


def _commands_s(stage: Stage) -> float:
    # A command within a script counts in both rows: only the script's is taken.
    stats = stage.info("commandstats")
    scripts = {name for name in stats if name.startswith(("cmdstat_eval", "cmdstat_fcall"))}
    return float(sum(stats[name]["usec"] for name in scripts)) / 1e6
