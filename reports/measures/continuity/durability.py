"""What a topology declares that it may lose."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from reports.records import FaultWindow
from reports.records.history import History

_MAY_LOSE_S = {
    # fsync once a second, put off to two while an earlier one is still running.
    ("aof-everysec", "power-loss"): 2.0,
}
"""(declared durability, class of the fault) → the last seconds before it that may be lost."""
_UNHEARD_S = 1.0
"""A replica that is further behind does not do what `replicated` declares."""
_UNSEEN_S = 0.5
"""More than passes between two of the harness's own writes, even on a very busy machine."""
_ACKNOWLEDGED_AHEAD_S = 0.05
"""Between the harness's own writes, and from a write to the answer that tells of it."""
_ON_ITS_WAY_S = 0.25
"""From a server's death to the arrival of the last answer that tells of a write to it, even on a
very busy machine.  What is acknowledged later was written to what came back, and must be there."""


class Excuse(Enum):
    """Why an acknowledged write may be missing."""

    DECLARED = "within the declared durability"
    UNSEEN = "the server was seen neither to lose nor to keep what it acknowledged at this time"
    """The harness's own writes were all kept, and the server died a moment after the last of them:
    what it acknowledged in that moment proves nothing, either way."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A time of which acknowledged writes may be missing.  All times are run times."""

    since: float
    """From when on an acknowledgement may have been in vain."""
    dead: float
    """When the server was dead."""
    heard: float
    """Until when an answer may have been on its way."""
    survived: float
    """A read that was sent later, and shows a write, proves that it was not lost."""
    excuse: Excuse

    def covers(self, sent: float, done: float, shown: float) -> bool:
        """Whether it excuses what was sent and acknowledged at these times, and was seen by a read
        sent at `shown`."""
        return self.since <= done <= self.heard and sent <= self.dead and shown < self.survived


def declared_losses(history: History) -> list[Loss]:
    """The moments whose acknowledged writes may be missing, first those that are declared."""
    found: list[Loss] = []
    durability = history.run.topology.durability or ""
    for fault in history.faults:
        dead = fault.start if fault.injected is None else fault.injected
        # A primary that was cut off may show, until it is healed, what its successor never had.
        survived = fault.end if durability == "replicated" else dead
        found += [
            Loss(since, dead, dead + _ON_ITS_WAY_S, survived, excuse)
            for since, excuse in _since(fault, durability)
        ]
    return sorted(found, key=lambda loss: loss.excuse is not Excuse.DECLARED)


def _since(fault: FaultWindow, durability: str) -> Iterator[tuple[float, Excuse]]:
    """From when on the server may have lost, or was seen to have lost, what it acknowledged."""
    seconds = _MAY_LOSE_S.get((durability, fault.fault))
    if seconds is not None:
        yield fault.start - seconds, Excuse.DECLARED
    lost, kept = fault.server_lost_since, fault.server_kept_until
    if durability == "rdb" and lost is not None:
        # All since the last snapshot.
        yield lost - _ACKNOWLEDGED_AHEAD_S, Excuse.DECLARED
    if durability == "aof-everysec" and lost is not None:
        # The page cache survives the death of a process, but not what Redis had put off giving to
        # it.  Excused is only what the server was seen to lose of the harness's own writes.
        yield lost - _ACKNOWLEDGED_AHEAD_S, Excuse.DECLARED
    if durability == "replicated" and lost is not None:
        # A primary does not wait for its replicas: what the new one had not yet heard is gone.
        # Excused is what the server was seen to lose of the last moment before the fault, and
        # nothing that a cut-off primary acknowledged during it.
        yield max(lost - _ACKNOWLEDGED_AHEAD_S, fault.start - _UNHEARD_S), Excuse.DECLARED
    if durability in ("aof-everysec", "replicated") and lost is None and kept is not None:
        # Between the last of the harness's own writes and the server's death moments pass: what it
        # acknowledged in them, it was not seen to lose, and not seen to keep.
        yield max(kept, fault.start - _UNSEEN_S), Excuse.UNSEEN


def excuses(history: History) -> Callable[[float, float, float], Excuse | None]:
    """Why what was sent and acknowledged at these run times may be missing; None: it must be there.

    It was sent while the server lived, the answer came when it may have been in vain, and no read
    that was sent after the server's death, the third argument, has shown it.
    """
    losses = history.once(declared_losses)

    def excuse(sent: float, done: float, shown: float) -> Excuse | None:
        for loss in losses:
            if loss.covers(sent, done, shown):
                return loss.excuse
        return None

    return excuse


def may_lose(history: History) -> Callable[[float, float], bool]:
    """A predicate: may what was sent and acknowledged at these run times be missing?"""
    excuse = history.once(excuses)
    return lambda sent, done: excuse(sent, done, -math.inf) is not None
