"""The losses that a topology's declared durability permits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from reports.records import FaultWindow
from reports.records.history import History

_MAY_LOSE_S = {
    # fsync once a second, delayed to two seconds while an earlier one is still running.
    ("aof-everysec", "power-loss"): 2.0,
}
"""(declared durability, class of the fault) → seconds before the fault that may be lost."""
_UNHEARD_S = 1.0
"""Most seconds by which a replica may lag under `replicated`."""
_UNSEEN_S = 0.5
"""Longer than the interval of the harness's own writes, even on a very busy machine."""
_ACKNOWLEDGED_AHEAD_S = 0.05
"""Interval of the harness's own writes, and delay from a write to its answer."""
_ON_ITS_WAY_S = 0.25
"""Longest delay from a server's death to the last answer about a write to it, even on a very busy
machine.  Later acknowledgements are of writes after the restart, which must exist."""


class Excuse(Enum):
    """Why an acknowledged write may be missing."""

    DECLARED = "within the declared durability"
    UNSEEN = "the server was seen neither to lose nor to keep what it acknowledged at this time"
    """The harness's own writes were all kept, and the server died shortly after the last of them,
    so that acknowledgements in between prove nothing."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A time interval whose acknowledged writes may be missing.  All times are run times."""

    since: float
    """The earliest acknowledgement that may be lost."""
    dead: float
    """The time at which the server was dead."""
    heard: float
    """The latest arrival of an answer from before the death."""
    survived: float
    """A read that was sent later, and shows a write, proves that it was not lost."""
    excuse: Excuse

    def covers(self, sent: float, done: float, shown: float) -> bool:
        """Whether it excuses a loss of a write sent and acknowledged at these times, and seen by a
        read sent at `shown`."""
        return self.since <= done <= self.heard and sent <= self.dead and shown < self.survived


def declared_losses(history: History) -> list[Loss]:
    """The intervals whose acknowledged writes may be missing, the declared ones first."""
    found: list[Loss] = []
    durability = history.run.topology.durability or ""
    for fault in history.faults:
        dead = _dead(fault)
        # Until it is healed, a cut-off primary may show writes that its successor never had.
        survived = fault.end if durability == "replicated" else dead
        found += [
            Loss(since, dead, dead + _ON_ITS_WAY_S, survived, excuse)
            for since, excuse in _since(fault, durability)
        ]
    return sorted(found, key=lambda loss: loss.excuse is not Excuse.DECLARED)


def _dead(fault: FaultWindow) -> float:
    """The latest time at which the server died."""
    if fault.shown_at is not None:
        # The action may run on, or be waited for, long after the server is back.
        return fault.shown_at
    if fault.injected is not None:
        return fault.injected
    # A declared fault happened somewhere in its window.
    return fault.start if fault.declared is None else fault.end


def _since(fault: FaultWindow, durability: str) -> Iterator[tuple[float, Excuse]]:
    """The time from which acknowledged writes may be lost, or were seen to be lost."""
    seconds = _MAY_LOSE_S.get((durability, fault.fault))
    if seconds is not None:
        yield fault.start - seconds, Excuse.DECLARED
    if fault.may_lose_since is not None:
        yield fault.may_lose_since, Excuse.DECLARED
    lost, kept = fault.server_lost_since, fault.server_kept_until
    if durability == "rdb" and lost is not None:
        # All writes since the last snapshot.
        yield lost - _ACKNOWLEDGED_AHEAD_S, Excuse.DECLARED
    if durability == "aof-everysec" and lost is not None:
        # The page cache survives the death of a process, but writes that Redis had not passed to it
        # yet do not.  Only a loss also seen in the harness's own writes is excused.
        yield lost - _ACKNOWLEDGED_AHEAD_S, Excuse.DECLARED
    if durability == "replicated" and lost is not None:
        # A primary does not wait for its replicas: writes that the new primary had not received are
        # gone.  Losses seen in the last moment before the fault are excused, but not losses of
        # writes that a cut-off primary acknowledged during it.
        yield max(lost - _ACKNOWLEDGED_AHEAD_S, fault.start - _UNHEARD_S), Excuse.DECLARED
    if durability in ("aof-everysec", "replicated") and lost is None and kept is not None:
        # Writes acknowledged between the last of the harness's own writes and the server's death
        # were neither seen to be lost nor seen to be kept.
        yield max(kept, fault.start - _UNSEEN_S), Excuse.UNSEEN


def excuses(history: History) -> Callable[[float, float, float], Excuse | None]:
    """Why a write sent and acknowledged at these run times may be missing; None: it must exist.

    It was sent while the server lived, acknowledged in an interval whose writes may be lost, and
    not shown by a read sent after the server's death (the third argument).
    """
    losses = history.once(declared_losses)

    def excuse(sent: float, done: float, shown: float) -> Excuse | None:
        for loss in losses:
            if loss.covers(sent, done, shown):
                return loss.excuse
        return None

    return excuse


def may_lose(history: History) -> Callable[[float, float], bool]:
    """A predicate: may a write sent and acknowledged at these run times be missing?"""
    excuse = history.once(excuses)
    return lambda sent, done: excuse(sent, done, -math.inf) is not None
