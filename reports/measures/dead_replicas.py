"""Requests that the balancer sent to a replica while it was dead.

A dead replica refuses connections, and the balancer counts those (without its health checks).  A
frozen one accepts requests and does not answer; for it, the requests sent between the first and the
last sample of its fault count.  Samples are taken once a second: refusals belong to the fault
active in that second, preferably to one on the same replica.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from reports.records import FaultWindow, Sample
from reports.records.history import History

_BALANCER = "balancer:"
_FROZEN = "freeze-replica"


def sent_to_dead(history: History) -> dict[str, int | None]:
    """Id of the fault → requests; None: the balancer was not sampled during the fault."""
    seen = {
        source.removeprefix(_BALANCER): samples
        for source, samples in history.samples_by_source.items()
        if source.startswith(_BALANCER)
    }
    counts: Counter[str] = Counter()
    for replica, samples in seen.items():
        for before, after in pairwise(samples):
            refused = _rise(before, after, "connect_fail")
            if refused and (fault := _whose(history.faults, replica, before.t, after.t)):
                counts[fault.id] += refused
        for fault in history.faults:
            if fault.fault == _FROZEN and _hits(fault, replica):
                inside = [sample for sample in samples if fault.start <= sample.t <= fault.end]
                counts[fault.id] += sum(_rise(a, b, "requests") for a, b in pairwise(inside))
    return {
        fault.id: counts[fault.id] if _watched(seen.values(), fault) else None
        for fault in history.faults
    }


def _rise(before: Sample, after: Sample, name: str) -> int:
    was, now = before.values.get(name, 0.0), after.values.get(name, 0.0)
    # A restarted balancer counts from 0.
    return round(now - was if now >= was else now)


def _whose(
    faults: Sequence[FaultWindow], replica: str, since: float, until: float
) -> FaultWindow | None:
    near = [fault for fault in faults if fault.start <= until and since <= fault.end]
    return next((fault for fault in near if _hits(fault, replica)), near[0] if near else None)


def _hits(fault: FaultWindow, replica: str) -> bool:
    return replica in (name.strip() for name in fault.target.split(","))


def _watched(series: Iterable[Sequence[Sample]], fault: FaultWindow) -> bool:
    """Whether the balancer was sampled before and after the fault, since its counters only rise."""
    return any(
        samples and samples[0].t <= fault.start and samples[-1].t >= fault.end for samples in series
    )
