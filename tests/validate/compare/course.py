"""What a run used from second to second, so that a run that stands out can be explained later."""

from __future__ import annotations

import math
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from reports.measures.cpu_use import Step, replica_names, steps_of
from reports.measures.redis_memory import REDIS
from reports.measures.spans import overlap
from reports.measures.turn_costs import BALANCER, HOST
from reports.records.history import History

BALANCED = "balancer:"


def course(history: History) -> dict[str, list[float]]:
    """Values of each whole second of the load, by their source.  Empty without a load.

    CPU of each replica, of the balancer and of Redis in milliseconds, the requests that the
    balancer gave to each replica, and the CPU of the reference work in microseconds (of the sample
    that ended in this second; 0: none did).
    """
    start, end = history.load_start, history.load_end
    if start is None or end is None:
        return {}
    seconds = range(math.floor(end - start))
    spans = [(start + second, start + second + 1) for second in seconds]
    found = {
        source: [round(1000 * _within(steps_of(history, source), span), 1) for span in spans]
        for source in (*replica_names(history), BALANCER, REDIS)
    }
    for source in sorted(history.samples_by_source):
        if source.startswith(BALANCED):
            steps = steps_of(history, source, "requests")
            found[source] = [round(_within(steps, span), 1) for span in spans]
    works = [
        (sample.t, sample.values["work_s"])
        for sample in history.samples_by_source.get(HOST, [])
        if "work_s" in sample.values
    ]
    found["work"] = [
        next((round(1e6 * work) for t, work in works if a < t <= b), 0) for a, b in spans
    ]
    return found


def _within(steps: list[Step], span: tuple[float, float]) -> float:
    return sum(
        step.used_s * overlap((step.since, step.until), [span]) / (step.until - step.since)
        for step in steps
        if step.until > step.since
    )


@dataclass
class Spent:
    """What ended child processes used, with all below them that they waited for."""

    values: dict[str, float] = field(default_factory=dict)
    """Seconds in user and system mode, page faults without a disk, and context switches that the
    processes wanted and that they did not.  The start of the run is in it."""


@contextmanager
def spent() -> Iterator[Spent]:
    """Filled at the end of the block."""
    found, before = Spent(), resource.getrusage(resource.RUSAGE_CHILDREN)
    yield found
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found.values = {
        "user_s": round(after.ru_utime - before.ru_utime, 2),
        "system_s": round(after.ru_stime - before.ru_stime, 2),
        "faults": after.ru_minflt - before.ru_minflt,
        "switches": after.ru_nvcsw - before.ru_nvcsw,
        "forced_switches": after.ru_nivcsw - before.ru_nivcsw,
    }
