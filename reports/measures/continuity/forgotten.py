"""Forgotten attempts (given up by the client): how long may they still act?

The service may continue an attempt that its client gave up: it waits for a model, a lock or Redis,
or its replica is frozen.  Without a fault the attempt ends within `PATIENCE_S`; one delayed by a
fault ends that long after the fault was healed.
"""

from __future__ import annotations

from collections.abc import Callable

from reports.records.history import History

PATIENCE_S = 10.0
"""Longer than the time-out of an attempt, which is 8 s in every profile of the project."""
FOREIGN_PATIENCE_S = 30.0
"""The same for a foreign service, whose model may be slow."""


_SHARE_OF_TTL = 0.4
"""A half turn must be judged while its session still lives, even with a compressed TTL."""
_ENDS_ATTEMPTS = frozenset({"kill-replica", "terminate-replica", "rolling-restart"})
"""Faults that delay no attempt, because they end the replica and its attempts."""


def late_until(history: History) -> Callable[[float, float], float]:
    """The last run time at which an attempt sent and given up at these times may act."""
    return _until(history, FOREIGN_PATIENCE_S if history.run.foreign else PATIENCE_S)


def writing_until(history: History) -> Callable[[float, float], float]:
    """The last run time at which an attempt may still write the other half of its turn."""
    if history.run.foreign:
        return late_until(history)
    return _until(history, min(PATIENCE_S, _SHARE_OF_TTL * history.run.ttl_seconds))


def _until(history: History, patience: float) -> Callable[[float, float], float]:
    spans = [
        (fault.start, max(fault.end, fault.recovered_at or 0.0))
        for fault in history.faults
        if fault.fault not in _ENDS_ATTEMPTS
    ]

    def until(sent: float, given_up: float) -> float:
        latest = given_up + patience
        for start, end in spans:  # in order of their start
            if start <= latest and end >= sent:
                latest = max(latest, end + patience)
        return latest

    return until
