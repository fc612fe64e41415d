"""Whether the load generator kept up: its lag before each later turn, its CPU, its processes.

Its lag at each arrival is `validity.generator`; how every arrival ended, `validity.arrivals`.
"""

from __future__ import annotations

from collections.abc import Callable

from reports.checks.sampled import evidence_of_p99
from reports.measures.generator import generator_samples, send_lags
from reports.measures.percentiles import percentile
from reports.records import Finding, LoadMark, Status
from reports.records.history import History

SATURATED_PERCENT = 95.0
"""Percent of one core; each process of the generator can use only one."""
_STRETCH = 5
"""Samples, one a second; a shorter burst delays little, and shows in the lag."""

_LOST: dict[str, Callable[[LoadMark], str]] = {
    "worker-lost": lambda mark: f"worker {mark.values.get('shard', -1):g}",
    "generator-lost": lambda mark: (
        f"the one in charge, which ended with {mark.values.get('exit', 0):g}"
    ),
}


def check_generator(history: History) -> list[Finding]:
    """Gate the generator itself."""
    return [_send_lag(history), *_cpu(history), *_workers(history)]


def _send_lag(history: History) -> Finding:
    limit = history.run.slo("generator_lag_p99_s")
    ordered = history.once(send_lags)
    if not ordered:
        summary = "No conversation came to a second turn"
        return Finding("validity.send_lag", "run", Status.PASS, None, limit, "s", summary)
    value = percentile(ordered, 99)
    summary = f"The lag before {len(ordered)} later turns, p99: {value:.3f} s, limit {limit:g} s"
    status = Status.PASS if value <= limit else Status.FAIL
    return Finding(
        "validity.send_lag",
        "run",
        status,
        value,
        limit,
        "s",
        summary,
        sample=evidence_of_p99(ordered),
    )


def _cpu(history: History) -> list[Finding]:
    """The busiest stretch of the busiest process; None when none was sampled."""
    stretches = []
    for samples in generator_samples(history).values():
        cpu = [s.values["cpu_percent"] for s in samples if "cpu_percent" in s.values]
        for first in range(max(0, len(cpu) - _STRETCH + 1)):
            stretches.append(sum(cpu[first : first + _STRETCH]) / _STRETCH)
    if not stretches:
        return []
    value = max(stretches)
    summary = (
        f"A generator process used at most {value:.0f} % of a core over {_STRETCH} s, "
        f"limit {SATURATED_PERCENT:g} %"
    )
    status = Status.PASS if value <= SATURATED_PERCENT else Status.FAIL
    name = "validity.generator_cpu"
    return [Finding(name, "run", status, value, SATURATED_PERCENT, "%", summary)]


def _workers(history: History) -> list[Finding]:
    """Gate lost generator processes; no finding if none was lost."""
    lost = [mark for mark in history.marks if mark.mark in _LOST]
    if not lost:
        return []
    evidence = tuple(f"{mark.t:.2f} s: {_LOST[mark.mark](mark)}" for mark in lost)
    count = float(len(lost))
    summary = (
        "A process of the load generator was lost"
        if len(lost) == 1
        else f"{len(lost)} processes of the load generator were lost"
    )
    summary += f": {', '.join(_LOST[mark.mark](mark) for mark in lost[:5])}"
    return [Finding("validity.workers", "run", Status.FAIL, count, 0, "workers", summary, evidence)]
