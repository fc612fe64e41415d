"""The time of Redis's main thread for one turn."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.capacity.redis_size.stage import Stage
from loadtests.arrivals.conversation import ConversationPlan

_IDLE_S = 1.0
_SYNC = "appendfsync"


@dataclass(frozen=True, slots=True)
class TurnCost:
    """For one turn, the creation of its session included."""

    threads_s: tuple[float, ...]
    """For each block, CPU seconds of the main thread without those of an idle server: reading,
    scripts, answers, and the write to the append-only file."""
    commands_s: float
    """Seconds within the scripts, by INFO commandstats."""


def measure(stage: Stage, blocks: Iterable[Sequence[ConversationPlan]]) -> TurnCost:
    """Play these blocks of conversations one after the other.  Raises ChaosError."""
    resting = _main_thread_s(stage)
    time.sleep(_IDLE_S)
    commands = _scripts_s(stage)
    idle = (_main_thread_s(stage) - resting) / _IDLE_S
    threads, all_turns = [], 0
    for block in blocks:
        before, begun = _main_thread_s(stage), time.monotonic()
        turns = sum(len(stage.customer.converse(plan)) for plan in block)
        used = _main_thread_s(stage) - before - idle * (time.monotonic() - begun)
        threads.append(used / turns)
        all_turns += turns
    return TurnCost(tuple(threads), (_scripts_s(stage) - commands) / all_turns)


def sync_s(stage: Stage, blocks: Iterable[Sequence[ConversationPlan]]) -> float:
    """Seconds a turn that `appendfsync always` takes more of Redis than `everysec`.

    Conversations alternate between the two; it is the difference of their median turns.  The main
    thread waits for the disk itself, so it is as good as busy.  Raises ChaosError.
    """
    seconds: dict[str, list[float]] = {"everysec": [], "always": []}
    with _restored(stage):
        for block in blocks:
            for place, plan in enumerate(block):
                policy = "always" if place % 2 else "everysec"
                stage.redis.config_set(_SYNC, policy)
                seconds[policy] += stage.customer.converse(plan)
    usual, synced = (statistics.median(seconds[policy]) for policy in ("everysec", "always"))
    return max(0.0, synced - usual)


@contextlib.contextmanager
def _restored(stage: Stage) -> Iterator[None]:
    policy = stage.redis.config_get(_SYNC)
    try:
        yield
    finally:
        for name, value in policy.items():
            stage.redis.config_set(name, value)


def _main_thread_s(stage: Stage) -> float:
    cpu = stage.info("cpu")
    return float(cpu["used_cpu_user_main_thread"] + cpu["used_cpu_sys_main_thread"])


def _scripts_s(stage: Stage) -> float:
    # The commands of a script count in their own rows, and in the script's.
    stats = stage.info("commandstats")
    scripts = {name for name in stats if name.startswith(("cmdstat_eval", "cmdstat_fcall"))}
    return float(sum(stats[name]["usec"] for name in scripts)) / 1e6
