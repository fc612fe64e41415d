"""The sustainable load, from the judged probes alone: the same live and for `diya report`."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from reports.capacity.evidence import Bounds, bounds, expected_limit, searched
from reports.capacity.findings import Answer, Demand, Probe, ProbeKind, Sustainable
from reports.capacity.knee import predicted_knee
from reports.figures.figure import Figure, Label, unknown

NARROW = 0.06
"""The interval to aim at, high − low as a share of the middle: ±3 %."""
_UNIT = "turns/s"


def sustainable(demand: Demand | None, probes: Sequence[Probe], why: str = "") -> Sustainable:
    """The sustainable load of one replica.

    `why` is the reason for which the search ended without an answer, if it did.
    """
    found = bounds(probes)
    rate = _rate(found, probes, why)
    turns = None if demand is None else demand.turns_per_conversation
    knee = None if demand is None else predicted_knee(demand)
    kill, overload = _last(probes, ProbeKind.KILL), _last(probes, ProbeKind.OVERLOAD)
    wide = found.width is None or found.width > NARROW
    return Sustainable(
        rate=rate,
        conversations=_conversations(rate, turns),
        limited_by=_limited_by(found, probes) or (knee.limited_by if knee and found.high else None),
        predicted=unknown(_UNIT, "no demand was measured") if knee is None else knee.rate,
        after_kill=kill,
        after_overload=overload,
        run_cv=_run_cv(probes),
        conclusive=rate.value is not None and not why,
        why=why or (_wide(found) if wide and rate.value is not None else ""),
    )


def _rate(found: Bounds, probes: Sequence[Probe], why: str) -> Figure:
    """The limit by the measured work, within the interval; else its middle."""
    low, high = found.low, found.high
    if low is None:
        return unknown(_UNIT, why or "no probe passed; probes at lower rates would tell")
    told = f"{found.low_support} probes passed at the low end"
    if high is None:
        value, told = low, f"{told}; none failed: the limit is above"
    else:
        told = f"{told}, {found.high_support} failed at the high end"
        expected = expected_limit(probes)
        # Where the measured work allows more than passed, something else is the limit.
        inside = expected is not None and expected <= high
        value = max(expected or 0.0, low) if inside else (low + high) / 2
    return Figure(value=value, unit=_UNIT, label=Label.MEASURED, low=low, high=high, why=told)


def _wide(found: Bounds) -> str:
    if found.width is None:
        return "no probe failed, so that only a lower bound is known"
    return f"the interval is ±{found.width * 50:.0f} %: more probes would narrow it"


def _conversations(rate: Figure, turns: float | None) -> Figure:
    if rate.value is None or not turns:
        return unknown("conversations/s", rate.why or "the turns of a conversation are not known")
    return Figure(
        value=rate.value / turns,
        unit="conversations/s",
        label=rate.label,
        low=None if rate.low is None else rate.low / turns,
        high=None if rate.high is None else rate.high / turns,
        why=f"{turns:.2f} turns a conversation",
    )


def _limited_by(found: Bounds, probes: Sequence[Probe]) -> str | None:
    """The resource that most failed probes name, those nearest to the limit first."""
    failed = [
        probe
        for probe in searched(probes)
        if probe.answer is Answer.FAIL and probe.limited_by is not None
    ]
    if found.high is not None:
        limit = found.high
        failed.sort(key=lambda probe: abs((probe.offered or 0.0) - limit))
    names = [probe.limited_by for probe in failed[:3]]
    return max(names, key=names.count) if names else None


def _run_cv(probes: Sequence[Probe]) -> float | None:
    costs = [
        probe.cpu_share / probe.offered
        for probe in searched(probes)
        if probe.cpu_share and probe.offered
    ]
    if len(costs) < 2:
        return None
    return statistics.stdev(costs) / statistics.mean(costs)


def _last(probes: Sequence[Probe], kind: ProbeKind) -> Probe | None:
    return next((probe for probe in reversed(probes) if probe.kind is kind), None)
