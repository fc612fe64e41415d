"""Attempts that nobody heard of again: until when may they still do something?

A client gives an attempt up, and the service may go on with it: it waits for a model, for a lock or
for Redis, or its replica is frozen.  Where no fault holds it up, it has come to its end within
`PATIENCE_S`; what a fault holds up comes to its end that long after the fault was healed.
"""

from __future__ import annotations

from collections.abc import Callable

from reports.records.history import History

PATIENCE_S = 10.0
"""More than the timeout of an attempt (8 s in every profile of ours), which began earlier."""
FOREIGN_PATIENCE_S = 30.0
"""Of a service of somebody else, whose model may think for long."""


_SHARE_OF_TTL = 0.4
"""A half turn is judged while its session still lives, however short its TTL was compressed."""
_ENDS_ATTEMPTS = frozenset({"kill-replica", "terminate-replica", "rolling-restart"})
"""Faults that hold no attempt up: the replica is gone, and all that it did with it."""


def late_until(history: History) -> Callable[[float, float], float]:
    """The last run time at which an attempt may act that was sent and given up at these times."""
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
