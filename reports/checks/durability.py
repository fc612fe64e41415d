"""What a topology declares that it may lose."""

from __future__ import annotations

from collections.abc import Callable

from reports.history import History

_MAY_LOSE_S = {
    # fsync once a second, put off to two while an earlier one is still running.
    ("aof-everysec", "power-loss"): 2.0,
}
"""(declared durability, class of the fault) → the last seconds before it that may be lost."""
_ACKNOWLEDGED_AHEAD_S = 0.05
"""Between the harness's own writes, and from a write to the answer that tells of it."""


def declared_losses(history: History) -> list[tuple[float, float]]:
    """The stretches of run time whose acknowledged writes may be lost as declared."""
    windows = [
        (fault.start - seconds, fault.end)
        for fault in history.faults
        if (seconds := _MAY_LOSE_S.get((history.run.durability or "", fault.fault))) is not None
    ]
    if history.run.durability == "aof-everysec":
        # The page cache survives the death of a process, but not what Redis had put off giving to
        # it.  Excused is only what the server was seen to lose of the harness's own writes.
        windows += [
            (fault.server_lost_since - _ACKNOWLEDGED_AHEAD_S, fault.end)
            for fault in history.faults
            if fault.server_lost_since is not None
        ]
    return windows


def may_lose(history: History) -> Callable[[float], bool]:
    """A predicate: may what was acknowledged at this run time be lost as declared?"""
    windows = history.once(declared_losses)
    return lambda done: any(start <= done <= end for start, end in windows)
