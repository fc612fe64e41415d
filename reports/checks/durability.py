"""What a topology declares that it may lose."""

from __future__ import annotations

from collections.abc import Callable

from reports.history import History

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
        # On a busy machine moments pass between the last of these writes and the server's death:
        # what it put off in them, it was not seen to lose, and not seen to keep.
        windows += [
            (max(fault.server_kept_until, fault.start - _UNSEEN_S), fault.end)
            for fault in history.faults
            if fault.server_kept_until is not None
        ]
    if history.run.durability == "replicated":
        # A primary does not wait for its replicas: what the new one had not yet heard is gone.
        # Excused is what the server was seen to lose of the last moment before the fault, and
        # nothing that a cut-off primary acknowledged during it.
        windows += [
            (
                max(fault.server_lost_since - _ACKNOWLEDGED_AHEAD_S, fault.start - _UNHEARD_S),
                fault.start + _ACKNOWLEDGED_AHEAD_S,
            )
            for fault in history.faults
            if fault.server_lost_since is not None
        ]
    return windows


def may_lose(history: History) -> Callable[[float], bool]:
    """A predicate: may what was acknowledged at this run time be lost as declared?"""
    windows = history.once(declared_losses)
    return lambda done: any(start <= done <= end for start, end in windows)
