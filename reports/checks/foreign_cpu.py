"""The machine's other work: did somebody else take the processors while a latency gate failed?

A gate on latency, outage or recovery that fails while others were busy here says nothing about the
service.  What was lost or doubled stays so however busy the machine was, and a gate that passed in
spite of it has passed.  Time that a hypervisor took away counts as somebody else's.  Where part of
the run is out of our sight (a target, containers, a Redis of somebody else) nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.checks.latency import check_latency
from reports.checks.recovery import check_recovery
from reports.gates import gate
from reports.history import History
from reports.phases import time_of
from reports.records import Finding, Sample, Status

LIMIT_PERCENT = 20.0
"""Of all processors together, over a stretch."""
BUSY_PERCENT = 80.0
"""Below this the machine had room for everybody."""
_NAME = "validity.foreign_cpu"
_STRETCH = 5
"""Samples, one a second."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some seconds of the machine's life."""

    foreign: float
    """Percent of all processors that others used."""
    busy: float
    """Percent of them that anybody used."""
    at: float
    """Run time at which it began."""

    @property
    def disturbs(self) -> bool:
        """Whether it can have made the service slow."""
        return self.foreign > LIMIT_PERCENT and self.busy > BUSY_PERCENT


def busiest(history: History, since: float, until: float) -> Stretch | None:
    """The stretch in which others used most; None when that was not sampled."""
    samples = [s for s in history.once(_known) if since <= s.t <= until]
    return max(
        _stretches(samples), key=lambda stretch: (stretch.disturbs, stretch.foreign), default=None
    )


def stretches(history: History) -> list[Stretch]:
    """All stretches of the run, one beginning with each sample."""
    return _stretches(history.once(_known))


def _stretches(samples: Sequence[Sample]) -> list[Stretch]:
    width = min(_STRETCH, len(samples))
    return [_mean(samples[n : n + width]) for n in range(len(samples) - width + 1) if width]


def foreign_cpu(history: History) -> float | None:
    """The most that others used during the load, percent of all processors."""
    stretch = history.once(_worst)
    return None if stretch is None else stretch.foreign


def check_foreign_cpu(history: History) -> list[Finding]:
    """Gate the machine; nothing to say where nobody could tell."""
    worst = history.once(_worst)
    if worst is None:
        return []
    failing = [
        finding
        for finding in (*history.once(check_latency), *history.once(check_recovery))
        if finding.status is Status.FAIL
    ]
    excused = []
    for finding in failing:
        stretch = busiest(history, *time_of(history, finding.phase))
        if stretch is not None and stretch.disturbs:
            excused.append((stretch, finding))
    if excused:
        return [_disturbed(excused)]
    value = f"{worst.foreign:.0f} % of the machine over {_STRETCH} s"
    if worst.foreign <= LIMIT_PERCENT:
        summary = f"Other processes used at most {value}, limit {LIMIT_PERCENT:g} %"
        limit: float | None = LIMIT_PERCENT
    else:
        without = "no latency gate failed beside it" if failing else "no latency gate failed"
        summary, limit = f"Other processes used up to {value}; {without}", None
    return [Finding(_NAME, "run", Status.PASS, worst.foreign, limit, "%", summary)]


def _disturbed(excused: Sequence[tuple[Stretch, Finding]]) -> Finding:
    stretch, first = max(excused, key=lambda pair: pair[0].foreign)
    where = "" if first.phase in ("run", "steady") else f" ({first.phase})"
    return Finding(
        check=_NAME,
        phase="run",
        status=Status.FAIL,
        value=stretch.foreign,
        limit=LIMIT_PERCENT,
        unit="%",
        summary=f"{gate(first.check).title}{where} failed while other processes used "
        f"{stretch.foreign:.0f} % of a machine that was {stretch.busy:.0f} % busy, limit "
        f"{LIMIT_PERCENT:g} %",
        evidence=tuple(
            f"{gate(finding.check).title} ({finding.phase}) failed; from {stretch.at:.1f} s others "
            f"used {stretch.foreign:.0f} % over {_STRETCH} s, {stretch.busy:.0f} % was busy in all"
            for stretch, finding in excused[:20]
        ),
    )


def _known(history: History) -> list[Sample]:
    samples = history.samples_by_source.get("host", [])
    return [s for s in samples if "own_percent" in s.values and "cpu_percent" in s.values]


def _worst(history: History) -> Stretch | None:
    start, end = history.load_start, history.load_end
    if start is None or end is None:
        return None
    return busiest(history, start, end)


def _mean(samples: Sequence[Sample]) -> Stretch:
    busy = sum(s.values["cpu_percent"] for s in samples) / len(samples)
    own = sum(s.values["own_percent"] for s in samples) / len(samples)
    return Stretch(max(0.0, busy - own), busy, samples[0].t)
