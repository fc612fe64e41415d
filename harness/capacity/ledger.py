"""The findings of a capacity run so far: judged from the records of its probes, kept on disk.

The same code judges a running capacity run and, for `diya report`, a stored one.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from harness.capacity import stored
from harness.capacity.flow import DEMAND
from harness.capacity.play_probe import DOWNTIME_S, Order
from harness.capacity.search import Finished
from reports.capacity.demand import measure_demand
from reports.capacity.findings import (
    Answer,
    CapacityFindings,
    Demand,
    Probe,
    ProbeKind,
    RedisSize,
    Sustainable,
)
from reports.capacity.probe import judge_probe
from reports.capacity.sustainable import sustainable
from reports.figures.figure import Figure, Label, unknown
from reports.records import history
from reports.records.history import HistoryError

_SAME = 0.95
"""A probe after the search at this share of the answer or above is one at the answer: the load that
was offered differs a little from the planned one."""


class Ledger:
    """Judges what has been played; a `flow.Judge`."""

    def __init__(self, root: Path, findings: CapacityFindings) -> None:
        """`findings` says what is known before the first probe; it is written at once."""
        self._root, self._begun = root, time.monotonic()
        self.findings = findings
        stored.write(root, findings)

    def demand(self) -> Demand:
        """The demand by the records of the demand run.  Raises HistoryError without any turn."""
        records = history.read(self._root / DEMAND)
        found = measure_demand(records, _in_flight_limit(records))
        self._keep(structs.replace(self.findings, demand=found))
        return found

    def probe(self, order: Order, rate: float) -> Probe:
        """The judgement of a played probe; it is in `capacity.json` afterwards."""
        return self.judge(order.name, order.kind, rate)

    def end_search(self, finished: Finished) -> None:
        """Keep the reason for which the search ended."""
        notes = (finished.why,) if finished.conclusive and finished.why else ()
        self._keep(
            structs.replace(
                self.findings,
                notes=(*self.findings.notes, *notes),
                search_failed="" if finished.conclusive else finished.why,
            )
        )

    def add_redis(self, size: RedisSize) -> None:
        """Keep the measurements of Redis at its real size."""
        self._keep(structs.replace(self.findings, redis_size=size))

    def judge(self, name: str, kind: ProbeKind, rate: float) -> Probe:
        """The judgement of the records in a probe's run directory.  Raises HistoryError."""
        records = history.read(self._root / name)
        found = judge_probe(records, kind, name=name, demand=self.findings.demand, rate=rate)
        seen = _restart(records) if kind is ProbeKind.KILL else None
        starts = (*self.findings.replica_starts_s, *([] if seen is None else [seen]))
        self._keep(
            structs.replace(
                self.findings,
                probes=(*self.findings.probes, found),
                replica_start_s=_start(starts) or self.findings.replica_start_s,
                replica_starts_s=starts,
            )
        )
        return found

    def again(self, before: CapacityFindings) -> CapacityFindings:
        """Judge what `before` lists once more.  Raises HistoryError for missing records."""
        if before.demand is not None:
            self.demand()
        for probe in before.probes:
            self.judge(probe.name, probe.kind, probe.rate)
        self._keep(self.findings, seconds=before.seconds)
        return self.findings

    def _keep(self, findings: CapacityFindings, seconds: float | None = None) -> None:
        found = sustainable(findings.demand, findings.probes, findings.search_failed)
        self.findings = structs.replace(
            findings,
            sustainable=_downward(found),
            seconds=time.monotonic() - self._begun if seconds is None else seconds,
        )
        stored.write(self._root, self.findings)


def judged_again(root: Path) -> CapacityFindings:
    """The findings of a stored capacity run, judged again from the records of its probes.

    Raises HistoryError when it is none, or when the records of a probe are missing.
    """
    before = stored.read(root)
    try:
        return Ledger(
            root, structs.replace(before, demand=None, probes=(), replica_starts_s=())
        ).again(before)
    except HistoryError:
        stored.write(root, before)  # what was known stays known
        raise


def _downward(found: Sustainable) -> Sustainable:
    """The answer, lowered where the service recovers only at a lower rate.

    Of the limit on the way up and the limit on the way down the lower one counts.
    """
    for probe in (found.after_kill, found.after_overload):
        value = found.rate.value
        if probe is None or value is None:
            continue
        event, at = f"the {probe.kind}", f"{probe.rate:.1f} turns/s"
        if probe.answer is Answer.FAIL:
            why = f"it did not recover from {event} at {at}; lower rates were not tried"
            found = structs.replace(
                found,
                rate=unknown(found.rate.unit, why),
                conversations=unknown(found.conversations.unit, why),
                conclusive=False,
                why=why,
            )
        elif probe.answer is Answer.PASS and probe.rate < _SAME * value:
            why = f"{found.rate.why}; above {at} it did not recover from {event}"
            found = structs.replace(
                found,
                rate=_from(found.rate, probe.rate / value, why),
                conversations=_from(found.conversations, probe.rate / value, why),
            )
    return found


def _from(figure: Figure, share: float, why: str) -> Figure:
    """The figure with both its value and its lower end at this share of its value."""
    if figure.value is None:
        return figure
    lower = figure.value * share
    return structs.replace(figure, value=lower, low=lower, why=why)


def _in_flight_limit(records: history.History) -> int | None:
    """The most turns that the replica takes at once, by its own metrics; None: it does not say."""
    limits = [
        int(sample.values["in_flight_limit"])
        for source, samples in records.samples_by_source.items()
        if source.startswith("service:")
        for sample in samples
        if "in_flight_limit" in sample.values
    ]
    return limits[-1] if limits else None


def _start(seconds: Sequence[float]) -> Figure | None:
    """The start of a replica, with the range of several; None: it was not seen."""
    if not seconds:
        return None
    several, seen = len(seconds) > 1, "of the killed replica, under load"
    return Figure(
        value=statistics.median(seconds),
        unit="s",
        label=Label.MEASURED,
        low=min(seconds) if several else None,
        high=max(seconds) if several else None,
        why=f"the median and range of {len(seconds)} restarts {seen}"
        if several
        else f"the restart {seen}",
    )


def _restart(records: history.History) -> float | None:
    """Seconds from the start of the killed replica's process until it answered."""
    for fault in records.faults:
        if fault.recovered_at is not None and fault.injected is not None:
            return max(0.0, fault.recovered_at - fault.injected - DOWNTIME_S)
    return None
