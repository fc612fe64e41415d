"""The charts of the answer sheet, as data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reports.capacity import usl
from reports.capacity.answer import Chart, Mark, Series, Style
from reports.capacity.findings import Answer, CapacityFindings, Probe, ProbeKind
from reports.capacity.fleet import least, zone_lost
from reports.capacity.reach import REACH, Reach
from reports.capacity.redis_plan import RedisPlan
from reports.capacity.target import Target, Today
from reports.figures.figure import Figure, Label

_STEPS = 60
_NIGHT = 400
UNSOUND = " of a probe that proves nothing"
"""Stands behind the name of a series of such probes."""


def charts(
    findings: CapacityFindings,
    target: Target,
    today: Today,
    zones: int,
    recommended: Figure,
    redis: RedisPlan,
    reach: Reach = REACH,
) -> tuple[Chart, ...]:
    """The charts for which there is data."""
    found = (
        _latency(findings),
        _replicas(findings, target, today, zones, reach),
        _memory(findings, redis, reach),
        _night(findings, target, today, recommended),
    )
    return tuple(chart for chart in found if chart is not None)


def _latency(findings: CapacityFindings) -> Chart | None:
    played = sorted(
        (probe for probe in findings.probes if probe.kind in _BY_RATE), key=lambda each: each.rate
    )
    p99 = [(probe, probe.p99_s) for probe in played if probe.p99_s is not None]
    mean = [(probe, probe.mean_s) for probe in played if probe.mean_s is not None]
    if not p99 and not mean:
        return None
    series = [
        *_points("p99", p99, sound=True),
        *_points("mean", mean, sound=True),
    ]
    queue = usl.fit_queue(usl.points(findings))
    if queue is not None:
        highest = max(probe.rate for probe, _ in (*p99, *mean))
        tallest = max(seconds for _, seconds in (*p99, *mean))
        drawn = [
            (rate, seconds)
            for step in range(_STEPS + 1)
            for rate in [highest * step / _STEPS]
            for seconds in [queue.latency(rate)]
            if seconds is not None and seconds <= tallest
        ]
        if drawn:
            series.append(
                Series(
                    name="queueing fit of the mean (sanity check only)",
                    style=Style.DASHED,
                    label=Label.FITTED,
                    points=tuple(drawn),
                )
            )
    series += [*_points("p99", p99, sound=False), *_points("mean", mean, sound=False)]
    marks = []
    limit = findings.slo.get("steady_p99_s")
    if limit is not None:
        marks.append(Mark(name="limit of p99", at=limit, upright=False))
    lower = findings.carried_rate
    if (sustainable := findings.sustainable) is not None and lower is not None:
        marks.append(Mark(name="highest that passed", at=lower, upright=True))
        if sustainable.rate.high is not None:
            marks.append(Mark(name="lowest that failed", at=sustainable.rate.high, upright=True))
    return Chart(
        title="Latency against load, one replica",
        x="turns a second",
        y="latency",
        x_unit="turns/s",
        y_unit="s",
        series=tuple(series),
        marks=tuple(marks),
    )


def _points(name: str, found: Sequence[tuple[Probe, float]], *, sound: bool) -> list[Series]:
    """The points of the probes that are sound, or of those that are not; none without a point.

    The demand run is not judged by its load, so its point is always a measured one.
    """
    points = tuple(
        (probe.rate, seconds)
        for probe, seconds in found
        if sound is (probe.answer is not Answer.UNKNOWN or probe.kind is ProbeKind.DEMAND)
    )
    if not points:
        return []
    if sound:
        return [Series(name=name, style=Style.POINTS, label=Label.MEASURED, points=points)]
    return [
        Series(
            name=f"{name}{UNSOUND}",
            style=Style.HOLLOW,
            label=Label.UNKNOWN,
            points=points,
        )
    ]


_BY_RATE = (ProbeKind.DEMAND, ProbeKind.SEARCH, ProbeKind.STEP)


def _replicas(
    findings: CapacityFindings, target: Target, today: Today, zones: int, reach: Reach
) -> Chart | None:
    lower = findings.carried_rate
    if not lower or target.turns_per_s.value is None:
        return None
    top = 1.5 * max(target.turns_per_s.value, (today.replicas or 0) * lower)
    return Chart(
        title="Replicas against the target",
        x="target, turns a second",
        y="replicas",
        x_unit="turns/s",
        y_unit="replicas",
        series=(
            Series(
                name="bare",
                style=Style.LINE,
                label=Label.ASSUMED,
                points=_stairs(top, lower, lambda bare: bare),
            ),
            Series(
                name=f"one of {zones} zones lost" if zones > 1 else "one more",
                style=Style.DASHED,
                label=Label.ASSUMED,
                points=_stairs(top, lower, lambda bare: zone_lost(bare, zones)),
            ),
        ),
        marks=(
            Mark(name="target", at=target.turns_per_s.value, upright=True),
            *([] if today.replicas is None else [_level("today", today.replicas)]),
        ),
        note="N replicas are taken to carry N times one replica's load; the lines of the sheet "
        "count what the simulator adds.",
    )


def _stairs(
    top: float, lower: float, grow: Callable[[int], int]
) -> tuple[tuple[float, float], ...]:
    """Replicas over the rate, up to `top`: each step is level, unless there are too many."""
    most = least(top, lower)
    taken = range(1, most + 1) if most <= _STEPS else range(1, most + 1, most // _STEPS)
    level = most <= _STEPS
    points: list[tuple[float, float]] = []
    for bare in taken:
        ends = ((bare - 1) * lower, min(bare * lower, top)) if level else (bare * lower,)
        points += [(rate, float(grow(bare))) for rate in ends]
    return tuple(points)


def _memory(findings: CapacityFindings, redis: RedisPlan, reach: Reach) -> Chart | None:
    size = findings.redis_size
    if size is None or not size.points or size.bytes_per_session.value is None:
        return None
    each, empty = size.bytes_per_session.value, size.empty_bytes.value or 0.0
    largest = max(point.sessions for point in size.points)
    widest = reach.sessions * largest
    marks = []
    if redis.sessions.value is not None:
        marks.append(Mark(name="planned, one shard", at=redis.sessions.value, upright=True))
    if redis.maxmemory.value is not None:
        marks.append(Mark(name="maxmemory", at=redis.maxmemory.value, upright=False))
    return Chart(
        title="Memory against sessions, one Redis",
        x="sessions",
        y="memory",
        x_unit="sessions",
        y_unit="bytes",
        series=(
            Series(
                name="measured, live",
                style=Style.POINTS,
                label=Label.MEASURED,
                points=tuple(
                    (float(point.sessions), empty + point.live_bytes) for point in size.points
                ),
            ),
            Series(
                name="fitted",
                style=Style.LINE,
                label=Label.FITTED,
                points=((0.0, empty), (float(largest), empty + each * largest)),
            ),
            Series(
                name=f"up to {reach.sessions:g} times the measured sessions",
                style=Style.DASHED,
                label=Label.FITTED,
                points=(
                    (float(largest), empty + each * largest),
                    (widest, empty + each * widest),
                ),
            ),
        ),
        marks=tuple(marks),
        note=f"Beyond {widest:,.0f} sessions memory is not known.",
    )


def _night(
    findings: CapacityFindings, target: Target, today: Today, recommended: Figure
) -> Chart | None:
    lower = findings.carried_rate
    if not target.night or not lower:
        return None
    marks = []
    if today.replicas is not None:
        marks.append(_level(f"{today.replicas} replicas, today", today.replicas * lower))
    if recommended.value is not None:
        name = f"{recommended.value:,.0f} replicas, recommended"
        marks.append(_level(name, recommended.value * lower))
    return Chart(
        title="Headroom through the night",
        x="hours after the start",
        y="turns a second",
        x_unit="h",
        y_unit="turns/s",
        series=(
            Series(
                name="planned load",
                style=Style.LINE,
                label=Label.ASSUMED,
                points=_thinned(target),
            ),
        ),
        marks=tuple(marks),
    )


def _thinned(target: Target) -> tuple[tuple[float, float], ...]:
    """The night with at most `_NIGHT` moments, of each group the busiest."""
    size = -(-len(target.night) // _NIGHT)
    groups = (target.night[at : at + size] for at in range(0, len(target.night), size))
    busiest = (max(group, key=lambda moment: moment.turns_per_s) for group in groups)
    return tuple((moment.hour, moment.turns_per_s) for moment in busiest)


def _level(name: str, at: float) -> Mark:
    return Mark(name=name, at=float(at), upright=False)
