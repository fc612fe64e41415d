"""Checks that a fault that ends a process did so: samples must show another process after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.measures.database_size import DATABASE
from reports.measures.redis_memory import REDIS, REPLICA
from reports.records import FaultWindow, Sample
from reports.records.history import History

_OF_REDIS = frozenset({"kill-redis", "restart-redis", "power-loss", "amnesia"})
_OF_DATABASE = frozenset({"kill-database", "restart-database"})
_OF_REPLICAS = frozenset(
    {"kill-replica", "terminate-replica", "rolling-restart", "kill-half", "kill-zone"}
)


def without_effect(history: History) -> dict[str, str]:
    """Id of each fault whose target still is the same process → the evidence in words.

    A fault without samples of its target around it is left out.  Redis is checked only if a single
    server holds all data; otherwise the affected server may not be the sampled one.
    """
    found = {}
    for fault in history.faults:
        if not fault.took_hold:
            continue
        for source, mark, what in _marks(history, fault):
            before, after = _around(history.samples_by_source.get(source, []), mark, fault)
            if before is not None and before == after:
                found[fault.id] = f"{what} was the same before {fault.start:.1f} s and after"
                break
    return found


def _marks(history: History, fault: FaultWindow) -> Iterator[tuple[str, str, str]]:
    """The value that identifies a target's process: source, name of the value, in words."""
    if fault.fault in _OF_REDIS and history.run.topology.one_server:
        yield REDIS, "run", "the run id of Redis"
    if fault.fault in _OF_DATABASE:
        yield DATABASE, "run", "the start of the database"
    if fault.fault in _OF_REPLICAS:
        for name in fault.target.split(","):
            yield REPLICA + name.strip(), "pid", f"the process of {name.strip()}"


def _around(
    samples: Sequence[Sample], mark: str, fault: FaultWindow
) -> tuple[float | None, float | None]:
    known = [sample for sample in samples if mark in sample.values]
    before = next((s for s in reversed(known) if s.t <= fault.start), None)
    after = next((s for s in known if s.t >= fault.end), None)
    return (
        None if before is None else before.values[mark],
        None if after is None else after.values[mark],
    )
