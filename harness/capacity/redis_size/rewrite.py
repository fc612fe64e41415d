"""One rewrite of the append-only file, under turns: its fork, its length, memory and pauses."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from chaos.errors import ChaosError
from chaos.fleet.waiting import holds_within
from harness.capacity.redis_size.customer import Gone
from harness.capacity.redis_size.pinger import Pinger
from harness.capacity.redis_size.stage import Stage
from loadtests.arrivals.conversation import ConversationPlan

_LONGEST_S = 600.0
_POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One rewrite."""

    fork_s: float
    seconds: float
    extra_bytes: float
    """Pages that parent and child no longer share, and growth of used_memory (its buffers), at the
    wanted rate of turns."""
    longest_pause_s: float


def play(
    stage: Stage, talks: Iterator[ConversationPlan], copies: range, turns_per_s: float
) -> Rewrite:
    """Rewrite the append-only file while customers converse.  Raises ChaosError.

    Each write copies the pages that it touches.  The first turn of a conversation opens a session;
    the others go to any of the `copies`, whose pages lie anywhere, as those of sessions of any age.
    One replica plays as many turns a second as it can; where `turns_per_s` are more, the additional
    memory grows in proportion, at most to once again what the server holds.
    """
    before = float(stage.info("memory")["used_memory"])
    peak, copied = before, 0.0

    def ended() -> bool:
        nonlocal peak, copied
        peak = max(peak, float(stage.info("memory")["used_memory"]))
        persistence = stage.info("persistence")
        copied = max(copied, float(persistence.get("current_cow_peak", 0)))
        return not (persistence["aof_rewrite_in_progress"] or persistence["aof_rewrite_scheduled"])

    with Pinger(stage.url) as pinger, _conversing(stage, talks, copies) as played:
        begun = time.monotonic()
        stage.redis.bgrewriteaof()
        done = holds_within(ended, _LONGEST_S, poll=_POLL_S)
        seconds = time.monotonic() - begun
    if not done:
        raise ChaosError(f"the append-only file was not rewritten within {_LONGEST_S:g} s")
    persistence = stage.info("persistence")
    if persistence["aof_last_bgrewrite_status"] != "ok":
        raise ChaosError("the append-only file was not rewritten: see the log of Redis")
    copied = max(copied, float(persistence["aof_last_cow_size"]))
    more = turns_per_s * seconds / len(played)  # one turn is always played
    return Rewrite(
        fork_s=stage.info("stats")["latest_fork_usec"] / 1e6,
        seconds=seconds,
        extra_bytes=min(before, (copied + peak - before) * max(1.0, more)),
        longest_pause_s=pinger.longest_s,
    )


@contextlib.contextmanager
def _conversing(
    stage: Stage, talks: Iterator[ConversationPlan], copies: range
) -> Iterator[list[None]]:
    """While inside, a thread plays these conversations; the list grows by each turn.

    Raises ChaosError at the end if a turn failed.
    """
    draw = random.Random(len(copies))

    stop = threading.Event()
    played: list[None] = []
    failed: list[ChaosError] = []

    def converse() -> None:
        with stage.new_customer() as customer:
            try:
                for plan in talks:
                    customer.open(plan)
                    for turn in range(len(plan.messages)):
                        other = stage.writer.name(draw.choice(copies)) if turn else None
                        with contextlib.suppress(Gone):  # a copy may have expired meanwhile
                            customer.say(plan, turn, other)
                            played.append(None)
                        if stop.is_set():
                            return
            except ChaosError as error:
                failed.append(error)

    thread = threading.Thread(target=converse, name="conversing", daemon=True)
    thread.start()
    try:
        yield played
    finally:
        stop.set()
        thread.join()
    if failed:
        raise failed[0]
