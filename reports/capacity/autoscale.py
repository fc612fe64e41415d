"""Advice for autoscaling: the signal, its threshold, and the replicas that must be there before."""

from __future__ import annotations

from dataclasses import dataclass

from reports.capacity.findings import CapacityFindings, ProbeKind
from reports.capacity.fleet import UNIT, least
from reports.capacity.target import Assumptions, Target
from reports.figures.derive import assumed, conservative, derive, percent, up
from reports.figures.figure import Figure, Label, unknown

METRIC = "diya_turns_in_flight"
"""The metric of the reference service."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The advice for autoscaling."""

    threshold: Figure
    """Turns in flight per replica above which a replica is added."""
    reaction: Figure
    """Seconds from a higher load until the replica for it answers."""
    rise: Figure | None
    """Seconds of the steepest rise of the night; None: the target is a rate."""
    before: Figure | None
    """The fewest replicas (`minReplicas`) with which no rise of the night outruns the autoscaler;
    None: the target is a rate."""


def advise(findings: CapacityFindings, target: Target, assumptions: Assumptions) -> Advice:
    """The advice; what was not measured is unknown."""
    reaction = _reaction(findings, assumptions)
    rise = before = None
    if target.opening is not None:
        opening = target.opening
        rise = assumed(
            opening.seconds,
            "s",
            f"{opening.before_turns_per_s:,.0f} to {opening.top_turns_per_s:,.0f} turns/s "
            f"after {opening.at_hour:.3g} h",
        )
    if target.night:
        before = _before(findings, target, assumptions, reaction)
    return Advice(_threshold(findings, assumptions), reaction, rise, before)


def _threshold(findings: CapacityFindings, assumptions: Assumptions) -> Figure:
    """Little's law at the target utilisation: in flight = rate × mean latency at that rate."""
    unit = "turns"
    sustainable = findings.sustainable
    if sustainable is None or sustainable.rate.value is None:
        return unknown(unit, "the sustainable load of one replica was not measured")
    rate = assumptions.utilisation * (conservative(sustainable.rate) or 0.0)
    told = f"Little's law at {percent(assumptions.utilisation)} of the sustainable load"
    points = sorted(
        (probe.rate, probe.mean_s)
        for probe in findings.probes
        if probe.kind in (ProbeKind.DEMAND, ProbeKind.SEARCH) and probe.mean_s is not None
    )
    below = [point for point in points if point[0] <= rate]
    above = [point for point in points if point[0] >= rate]
    if below and above:
        seconds = _between(below[-1], above[0], rate)
        ends = sorted((below[-1][1] or 0.0, above[0][1] or 0.0))
        return Figure(
            value=rate * seconds,
            unit=unit,
            label=Label.FITTED,
            low=rate * ends[0],
            high=rate * ends[1],
            why=f"{told}, latency between probes at {below[-1][0]:.3g} and {above[0][0]:.3g} "
            "turns/s",
        )
    if findings.demand is None:
        return unknown(unit, "the latency at that load was not measured")
    return derive(
        lambda seconds: rate * seconds,
        findings.demand.latency_s,
        unit=unit,
        why=f"{told}, with the latency at low load: it adds replicas too early, not too late",
        at_least=Label.FITTED,
    )


def _between(
    below: tuple[float, float | None], above: tuple[float, float | None], rate: float
) -> float:
    first, last = below[1] or 0.0, above[1] or 0.0
    if above[0] == below[0]:
        return first
    return first + (last - first) * (rate - below[0]) / (above[0] - below[0])


def _reaction(findings: CapacityFindings, assumptions: Assumptions) -> Figure:
    if findings.replica_start_s is None:
        return unknown("s", "the start of a replica was not measured")
    scrape = assumed(assumptions.scrape_s, "s")
    return derive(
        lambda start, wait: start + wait,
        findings.replica_start_s,
        scrape,
        unit="s",
        why=f"the start of a replica, and {assumptions.scrape_s:g} s until the autoscaler sees "
        "the load; a node that must be started first takes minutes more",
    )


def _before(
    findings: CapacityFindings, target: Target, assumptions: Assumptions, reaction: Figure
) -> Figure:
    """The smallest floor under the autoscaler's fleet that is never short.

    The autoscaler sees the load of `reaction` seconds ago and asks for that load over the target
    utilisation; where that is less than the load of now needs, the floor must be there.
    """
    lower = findings.carried_rate
    if lower is None or not lower:
        return unknown(UNIT, "the sustainable load of one replica was not measured")
    if reaction.value is None:
        return unknown(UNIT, reaction.why)
    night = target.night
    # The interval of the reaction counts at its longer end.
    late = (reaction.high or reaction.value) / 3600
    floor, seen = 1, 0
    for moment in night:
        while seen + 1 < len(night) and night[seen + 1].hour <= moment.hour - late:
            seen += 1
        known = night[seen].turns_per_s if night[seen].hour <= moment.hour - late else 0.0
        asked = up(known / (assumptions.utilisation * lower))
        needed = least(moment.turns_per_s, lower)
        if asked < needed:
            floor = max(floor, needed)
    return Figure(
        value=floor,
        unit=UNIT,
        label=Label.ASSUMED,
        why=f"replicas follow the load {reaction.value:.0f} s late, at "
        f"{percent(assumptions.utilisation)} of the sustainable load",
    )
