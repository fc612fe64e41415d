"""One rewrite of the append-only file, under turns: its fork, its length, memory and pauses."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from chaos.errors import ChaosError
from chaos.fleet.waiting import holds_within
from harness.capacity.redis_size.customer import plans
from harness.capacity.redis_size.pinger import Pinger
from harness.capacity.redis_size.stage import Stage
from loadtests.profiles.profile import Profile

_LONGEST_S = 120.0
_POLL_S = 0.01
_RUN = "rewritingrun"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One rewrite."""

    fork_s: float
    seconds: float
    extra_bytes: float
    """Pages that parent and child no longer share, and growth of used_memory (its buffers)."""
    longest_pause_s: float


def play(stage: Stage, profile: Profile) -> Rewrite:
    """Rewrite the append-only file while a customer converses.  Raises ChaosError.

    The customer plays as many turns a second as one replica can.  Each write copies the pages that
    it touches, so a busier server needs more memory, at most once again what it holds.
    """
    before = float(stage.info("memory")["used_memory"])
    peak, copied = before, 0.0

    def ended() -> bool:
        nonlocal peak, copied
        peak = max(peak, float(stage.info("memory")["used_memory"]))
        persistence = stage.info("persistence")
        copied = max(copied, float(persistence.get("current_cow_peak", 0)))
        return not (persistence["aof_rewrite_in_progress"] or persistence["aof_rewrite_scheduled"])

    with Pinger(stage.url) as pinger, _conversing(stage, profile):
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
    return Rewrite(
        fork_s=stage.info("stats")["latest_fork_usec"] / 1e6,
        seconds=seconds,
        extra_bytes=copied + peak - before,
        longest_pause_s=pinger.longest_s,
    )


@contextlib.contextmanager
def _conversing(stage: Stage, profile: Profile) -> Iterator[None]:
    """While inside, a thread plays one conversation after the other."""
    stop = threading.Event()

    def converse() -> None:
        with stage.new_customer() as customer, contextlib.suppress(ChaosError):
            for plan in plans(profile, _RUN):
                customer.open(plan)
                for turn in range(len(plan.messages)):
                    if stop.is_set():
                        return
                    customer.say(plan, turn)

    thread = threading.Thread(target=converse, name="conversing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
