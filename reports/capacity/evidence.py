"""The accumulated evidence of the probes of a search: which rates hold, which fail.

After MLRsearch (RFC 9971): probes of one rate vote by their seconds, and a rate holds when it
passed for longer than it failed (exceed ratio 50 %; a tie fails).  Between rates a conflict is
resolved conservatively: a fail at a lower rate beats a pass at a higher one.

The rate of a probe is the one that it really offered, which chance moves by a few percent from the
planned one.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.capacity.criteria import WORK_LIMIT
from reports.capacity.findings import Answer, Probe, ProbeKind
from reports.capacity.limiting import REDIS, REPLICA

SAME_RATE = 0.005
"""Planned rates that differ by less than this share are one rate."""
_SEARCHED = (ProbeKind.SEARCH, ProbeKind.STEP)


@dataclass(frozen=True, slots=True)
class RateEvidence:
    """The evidence about one planned rate."""

    planned: float
    """Turns a second."""
    offered: float
    """Turns a second that were offered, the mean over the time of its probes."""
    passed_s: float
    failed_s: float
    passes: int
    fails: int

    @property
    def holds(self) -> bool:
        """Whether it passed for longer than it failed."""
        return self.passed_s > self.failed_s

    @property
    def lead(self) -> int:
        """By how many probes the majority leads."""
        return abs(self.passes - self.fails)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The interval of the sustainable load."""

    low: RateEvidence | None
    """The highest rate that holds below every rate that fails."""
    high: RateEvidence | None
    """The lowest rate that fails."""
    conflict: bool
    """Whether a rate above `high` passed."""

    @property
    def width(self) -> float | None:
        """high − low as a share of their middle; None while one is missing."""
        if self.low is None or self.high is None:
            return None
        middle = (self.low.offered + self.high.offered) / 2
        return (self.high.offered - self.low.offered) / middle


def searched(probes: Iterable[Probe]) -> list[Probe]:
    """The probes of the search that tell something, in order."""
    return [
        probe
        for probe in probes
        if probe.kind in _SEARCHED and probe.answer is not Answer.UNKNOWN and probe.offered
    ]


def carried(probes: Sequence[Probe]) -> float | None:
    """Turns a second that were finished while turns waited, in probes without a busy processor.

    A busy processor is measured directly, and more exactly.
    """
    found = [
        probe.carried
        for probe in searched(probes)
        if probe.answer is Answer.FAIL
        and probe.carried
        and probe.limited_by not in (REPLICA, REDIS)
    ]
    return statistics.median(found) if found else None


def passed(probe: Probe, knee: float | None) -> bool:
    """Whether a probe counts as passed.

    Above 0.95 of what other probes showed to be carried, it passed only because it was short.
    """
    if probe.answer is not Answer.PASS:
        return False
    return knee is None or (probe.offered or probe.rate) < WORK_LIMIT * knee


def by_rate(probes: Sequence[Probe]) -> list[RateEvidence]:
    """The evidence about each planned rate, by the offered rate, ascending."""
    knee = carried(probes)
    groups: list[list[Probe]] = []
    for probe in sorted(searched(probes), key=lambda each: each.rate):
        if groups and probe.rate <= groups[-1][0].rate * (1 + SAME_RATE):
            groups[-1].append(probe)
        else:
            groups.append([probe])
    return sorted((_evidence(group, knee) for group in groups), key=lambda each: each.offered)


def _evidence(group: Sequence[Probe], knee: float | None) -> RateEvidence:
    good = [probe for probe in group if passed(probe, knee)]
    bad = [probe for probe in group if not passed(probe, knee)]
    total = sum(probe.seconds for probe in group)
    return RateEvidence(
        planned=group[0].rate,
        offered=sum((probe.offered or 0.0) * probe.seconds for probe in group) / total,
        passed_s=sum(probe.seconds for probe in good),
        failed_s=sum(probe.seconds for probe in bad),
        passes=len(good),
        fails=len(bad),
    )


def bounds(probes: Sequence[Probe]) -> Bounds:
    """The interval that all probes together leave."""
    rates = by_rate(probes)
    high = next((each for each in rates if not each.holds), None)
    below = [each for each in rates if each.holds and (high is None or each.offered < high.offered)]
    above = high is not None and any(each.holds and each.offered > high.offered for each in rates)
    return Bounds(below[-1] if below else None, high, above)
