"""The accumulated evidence of the probes of a search: the highest load that holds, the lowest that
fails.

After MLRsearch (RFC 9971): probes of one rate vote by their seconds, and a rate fails unless it
passed for longer than it failed (exceed ratio 50 %, a tie fails).  Between rates a conflict is
resolved conservatively: a fail at a lower rate beats a pass at a higher one.

The rate of a probe is the one that it really offered, which chance moves by several percent from
the planned one.  So no two probes have exactly one rate: rates within `SAME_RATE` count as one.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.capacity.criteria import WORK_LIMIT
from reports.capacity.findings import Answer, Probe, ProbeKind
from reports.capacity.limiting import REDIS, REPLICA
from reports.capacity.missed import limit_by_missed

SAME_RATE = 0.02
"""Rates that differ by at most this share vote together."""
_SEARCHED = (ProbeKind.SEARCH, ProbeKind.STEP)
_MEASURED_SHARE = 0.2
"""The work of a turn is known from probes with this share of a busy core, or more."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The interval of the sustainable load, turns a second."""

    low: float | None
    """The highest offered rate that passed below every rate that fails."""
    high: float | None
    """The lowest offered rate that fails."""
    low_support: int
    """The number of probes that passed about there, or above and below `high`."""
    high_support: int
    """The number of probes that failed about there, or below."""

    @property
    def width(self) -> float | None:
        """high − low as a share of their middle; None while one is missing."""
        if self.low is None or self.high is None:
            return None
        return (self.high - self.low) / ((self.high + self.low) / 2)


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


def expected_limit(probes: Sequence[Probe]) -> float | None:
    """The limit that the measured work of the probes tells, turns a second; None: it does not.

    0.95 of what the replica's core, Redis's main thread, or the unseen bottleneck carries, or the
    load at which 1 % of the turns miss the SLO.
    """
    known = searched(probes)
    found = []
    for share in (_cpu, _redis):
        limits = [
            WORK_LIMIT * offered(probe) / used
            for probe in known
            if (used := share(probe)) >= _MEASURED_SHARE
        ]
        found += [statistics.median(limits)] if limits else []
    knee = carried(probes)
    found += [] if knee is None else [WORK_LIMIT * knee]
    latency = limit_by_missed(known)
    found += [] if latency is None else [latency]
    return min(found, default=None)


def _cpu(probe: Probe) -> float:
    return probe.cpu_share or 0.0


def _redis(probe: Probe) -> float:
    return probe.redis_work or 0.0


def offered(probe: Probe) -> float:
    """Turns a second that it offered."""
    return probe.offered or probe.rate


def bounds(probes: Sequence[Probe]) -> Bounds:
    """The interval that all probes together leave."""
    most = _most(probes)
    known = sorted(searched(probes), key=offered)
    good = [probe for probe in known if _passed(probe, most)]
    bad = [probe for probe in known if not _passed(probe, most)]
    high = next((offered(probe) for probe in bad if _stands(probe, good, bad)), None)
    below = [offered(p) for p in good if high is None or offered(p) < high]
    low = max(below, default=None)
    return Bounds(
        low=low,
        high=high,
        low_support=0 if low is None else sum(rate >= low * (1 - SAME_RATE) for rate in below),
        high_support=0 if high is None else _number(bad, high * (1 + SAME_RATE)),
    )


def _most(probes: Sequence[Probe]) -> float:
    """The load from which on a probe passes only because it was short, by all probes together."""
    knee, latency = carried(probes), limit_by_missed(searched(probes))
    return min(
        math.inf if knee is None else WORK_LIMIT * knee, math.inf if latency is None else latency
    )


def _passed(probe: Probe, most: float) -> bool:
    """Whether a probe counts as passed."""
    return probe.answer is Answer.PASS and offered(probe) < most


def _stands(fail: Probe, good: Sequence[Probe], bad: Sequence[Probe]) -> bool:
    """Whether probes of the same rate did not pass for longer than they failed."""
    rate = offered(fail)
    failed = sum(p.seconds for p in bad if rate * (1 - SAME_RATE) <= offered(p) <= rate)
    passed = sum(p.seconds for p in good if rate <= offered(p) <= rate * (1 + SAME_RATE))
    return passed <= failed


def _number(bad: Sequence[Probe], most: float) -> int:
    return sum(offered(probe) <= most for probe in bad)
