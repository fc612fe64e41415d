"""What a topology declares that it may lose."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reports.history import History
from reports.records import FaultWindow

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

Loss = tuple[float, float, float]
"""Run times: from when on an acknowledgement may have been in vain, when the server was dead, and
until when an answer may have been on its way."""


def declared_losses(history: History) -> list[Loss]:
    """The moments whose acknowledged writes may be lost as declared."""
    return [
        (since, dead, dead + _ON_ITS_WAY_S)
        for fault in history.faults
        for since in _since(fault, history.run.durability or "")
        for dead in [fault.start if fault.injected is None else fault.injected]
    ]


def _since(fault: FaultWindow, durability: str) -> Iterator[float]:
    """From when on the server may have lost, or was seen to have lost, what it acknowledged."""
    seconds = _MAY_LOSE_S.get((durability, fault.fault))
    if seconds is not None:
        yield fault.start - seconds
    if durability == "rdb" and fault.server_lost_since is not None:
        # All since the last snapshot.
        yield fault.server_lost_since - _ACKNOWLEDGED_AHEAD_S
    if durability == "aof-everysec":
        # The page cache survives the death of a process, but not what Redis had put off giving to
        # it.  Excused is only what the server was seen to lose of the harness's own writes.
        if fault.server_lost_since is not None:
            yield fault.server_lost_since - _ACKNOWLEDGED_AHEAD_S
        # On a busy machine moments pass between the last of these writes and the server's death:
        # what it put off in them, it was not seen to lose, and not seen to keep.
        if fault.server_kept_until is not None:
            yield max(fault.server_kept_until, fault.start - _UNSEEN_S)
    if durability == "replicated":
        # A primary does not wait for its replicas: what the new one had not yet heard is gone.
        # Excused is what the server was seen to lose of the last moment before the fault, and
        # nothing that a cut-off primary acknowledged during it.
        if fault.server_lost_since is not None:
            yield max(fault.server_lost_since - _ACKNOWLEDGED_AHEAD_S, fault.start - _UNHEARD_S)
        elif fault.server_kept_until is not None:
            yield max(fault.server_kept_until, fault.start - _UNSEEN_S)


def may_lose(history: History) -> Callable[[float, float], bool]:
    """A predicate: may what was sent and acknowledged at these run times be lost as declared?

    It was sent while the server lived, and the answer came when it may have been in vain.
    """
    losses = history.once(declared_losses)
    if not losses:
        return lambda sent, done: False
    return lambda sent, done: any(
        since <= done <= heard and sent <= dead for since, dead, heard in losses
    )
