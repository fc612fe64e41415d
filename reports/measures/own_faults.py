"""The times in which a replica's turns say nothing about the replica itself: its own faults.

A fault of Redis, of a database or of another replica is no excuse, because every replica is
compared with the others at the same time.  A fault of the load or of the model may hit any replica.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from reports.measures.phases import RECOVERY_S
from reports.measures.replicas import replicas_seen
from reports.records import FaultWindow
from reports.records.history import History

Span = tuple[float, float]
"""Run time, seconds."""


def own_faults(history: History) -> Callable[[str | None], list[Span]]:
    """A function from a replica to the spans of its faults, with the recovery from each.

    Of None, a replica whose name is not known: those of all replicas.
    """
    known = history.once(replicas_seen) | set(planned_names(history))
    hit = [(fault, _words(fault.target) & known) for fault in history.faults]

    def spans(replica: str | None) -> list[Span]:
        return [
            (fault.start, fault.end + RECOVERY_S)
            for fault, replicas in hit
            if (replica is None and replicas)
            or replica in replicas
            or not (replicas or _is_of_store(fault))
        ]

    return spans


def planned_names(history: History) -> list[str]:
    """The names of the replicas of a fleet that diya started, r01 and so on."""
    return [f"r{number:02}" for number in range(1, (history.run.topology.replicas or 0) + 1)]


def is_within(spans: list[Span], start: float, end: float) -> bool:
    """Whether [start, end] touches one of the spans."""
    return any(start <= until and end >= since for since, until in spans)


def _words(target: str) -> set[str]:
    return set(re.split(r"[^\w.-]+", target))


def _is_of_store(fault: FaultWindow) -> bool:
    return "redis" in fault.fault or "database" in fault.fault or fault.target.startswith("redis")
