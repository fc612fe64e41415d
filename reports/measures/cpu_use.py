"""The use of a resource between samples: the processor of a replica, and Redis with its traffic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports.measures.spans import Span, merged, overlap
from reports.records import Sample
from reports.records.history import History

REPLICA = "replica:"
CPU_S = "cpu_s"
"""The total of processor seconds in a sample."""
_LONGEST_STEP_S = 5.0
"""A sample covers the time since the one before, but at most this."""
_LEAST_COVERED = 0.9
"""Of the time, by samples."""


@dataclass(frozen=True, slots=True)
class Use:
    """The use of one core over some time."""

    seconds: float
    """Time covered by samples."""
    used_s: float
    """Seconds of the resource in that time."""

    @property
    def share(self) -> float:
        """Of one core."""
        return self.used_s / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """The use between two samples, (since, until]."""

    since: float
    until: float
    used_s: float


def replica_names(history: History) -> list[str]:
    """The sampled replicas."""
    sources = history.samples_by_source
    return sorted(source for source in sources if source.startswith(REPLICA))


def replica_steps(history: History) -> list[Step]:
    """The processor seconds of the replica between its samples.  Of several, all in order."""
    found = [step for name in replica_names(history) for step in steps_of(history, name)]
    return sorted(found, key=lambda step: step.until)


def redis_steps(history: History) -> list[Step]:
    """The seconds of Redis's main thread between its samples."""
    return steps_of(history, "redis")


def steps_of(history: History, source: str, total: str = CPU_S) -> list[Step]:
    """The rise of a total of one source between its samples.

    Processor seconds are known from the percentage too, where the total was not recorded.
    """
    samples = history.samples_by_source.get(source, [])
    return [step for pair in pairwise(samples) if (step := _step(*pair, total)) is not None]


def _step(before: Sample, now: Sample, total: str) -> Step | None:
    """None after a restart, whose first reading covers no known time."""
    since = max(before.t, now.t - _LONGEST_STEP_S)
    for process in ("pid", "run"):
        if before.values.get(process) != now.values.get(process):
            return None
    totals = before.values.get(total), now.values.get(total)
    if totals[0] is not None and totals[1] is not None:
        return Step(before.t, now.t, max(0.0, totals[1] - totals[0]))
    if total != CPU_S:
        return None
    percent = now.values.get("cpu_percent")
    return None if percent is None else Step(since, now.t, percent / 100 * (now.t - since))


def use(steps: Sequence[Step], spans: Sequence[Span]) -> Use | None:
    """The use in these spans, which do not overlap; None: they were not sampled throughout."""
    total = sum(b - a for a, b in spans)
    covered = used = 0.0
    for step in steps:
        inside = overlap((step.since, step.until), spans)
        covered += inside
        used += step.used_s * inside / max(step.until - step.since, 1e-9)
    return Use(covered, used) if total and covered >= _LEAST_COVERED * total else None


def mean_value(history: History, source: str, name: str, spans: Sequence[Span]) -> float | None:
    """The mean of a sampled value over these spans; None: it was not sampled."""
    samples = history.samples_by_source.get(source, [])
    values = [
        sample.values[name]
        for sample in samples
        if name in sample.values and any(a < sample.t <= b for a, b in spans)
    ]
    return sum(values) / len(values) if values else None


def counter(history: History, name: str, spans: Sequence[Span]) -> tuple[float, list[Span]] | None:
    """The rise of a counter of the replicas' own metrics within these spans, and when it rose.

    None: the service does not show it.
    """
    rise, covered = 0.0, []
    for source, samples in history.samples_by_source.items():
        if not source.startswith("service:"):
            continue
        known = [s for s in samples if name in s.values and any(a <= s.t <= b for a, b in spans)]
        for before, now in pairwise(known):
            if now.values[name] >= before.values[name]:
                rise += now.values[name] - before.values[name]
                covered.append((before.t, now.t))
    return (rise, merged(covered)) if covered else None
