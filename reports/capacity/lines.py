"""The lines of the answer sheet, part by part."""

from __future__ import annotations

import statistics

from reports.capacity import usl
from reports.capacity.answer import Line, Part
from reports.capacity.autoscale import METRIC, Advice
from reports.capacity.cost import Cost
from reports.capacity.findings import Answer, CapacityFindings, Probe, ProbeKind, RedisSize
from reports.capacity.redis_plan import RedisPlan
from reports.capacity.target import Assumptions, Target, Today
from reports.capacity.turn_lines import ONE_VALUE, note
from reports.figures.derive import conservative, derive
from reports.figures.figure import Figure, Label, unknown

_SAME_RATE = 0.005
"""Probes whose planned rates differ by less are probes at one rate."""
NO_SEARCH = "no search for the sustainable load was played; `diya capacity` would tell"


def sustainable(findings: CapacityFindings) -> dict[str, Line]:
    """The load of one replica, its limit, and its recovery."""
    found, demand = findings.sustainable, findings.demand
    part = Part.SUSTAINABLE
    rate = unknown("turns/s", NO_SEARCH) if found is None else found.rate
    conversations = unknown("conversations/s", NO_SEARCH) if found is None else found.conversations
    limit = None if found is None else found.limited_by
    cpu = unknown("s", "the demand was not measured") if demand is None else demand.replica_cpu_s
    return {
        "sustainable.turns": Line(
            part=part,
            title="one replica on one core" if findings.target is None else "the target as it is",
            figure=rate,
            note="" if found is None else found.why,
        ),
        "sustainable.conversations": Line(
            part=part, title="the same in conversations", figure=conversations
        ),
        "sustainable.cpu": Line(
            part=part,
            title="CPU of a turn",
            figure=cpu,
            note=f"limited by {limit}" if limit else "the limiting resource is not known",
        ),
        **_cpu_near(findings),
        "sustainable.broken": _first_broken(findings),
        "sustainable.kill": _recovery(
            None if found is None else found.after_kill, "recovery after a kill"
        ),
        "sustainable.overload": _recovery(
            None if found is None else found.after_overload, "recovery after overload"
        ),
    }


def _cpu_near(findings: CapacityFindings) -> dict[str, Line]:
    """The CPU of a turn in the probes near the limit, which may differ from that at a low load."""
    costs = [
        probe.cpu_share / probe.offered
        for probe in findings.probes
        if probe.kind is ProbeKind.SEARCH
        and probe.answer is not Answer.UNKNOWN
        and probe.cpu_share
        and probe.offered
    ]
    if not costs:
        return {}
    figure = Figure(
        value=statistics.median(costs),
        unit="s",
        label=Label.MEASURED,
        low=min(costs),
        high=max(costs),
        why="one probe" if len(costs) == 1 else f"the median and range of {len(costs)} probes",
    )
    title = "CPU of a turn near the limit"
    return {
        "sustainable.cpu_near": Line(
            part=Part.SUSTAINABLE, title=title, figure=figure, note=figure.why
        )
    }


def _first_broken(findings: CapacityFindings) -> Line:
    failed = [
        probe
        for probe in findings.probes
        if probe.answer is Answer.FAIL and probe.kind in (ProbeKind.SEARCH, ProbeKind.STEP)
    ]
    part, title = Part.SUSTAINABLE, "first broken at"
    if not failed:
        figure = unknown("turns/s", "no probe failed: the limit is above the probes' rates")
        return Line(part=part, title=title, figure=figure)
    lowest = min(failed, key=lambda probe: probe.rate)
    there = [probe for probe in failed if probe.rate <= lowest.rate * (1 + _SAME_RATE)]
    offered = [probe.offered for probe in there if probe.offered is not None]
    rates = [lowest.rate, *offered]
    figure = Figure(
        value=lowest.rate,
        unit="turns/s",
        label=Label.MEASURED,
        low=min(rates) if offered else None,
        high=max(rates) if offered else None,
        why=lowest.name,
    )
    told = f"{len(there)} probes" if len(there) > 1 else "one probe"
    told = f"{told}, planned and offered" if offered else f"{ONE_VALUE}, {told}"
    return Line(part=part, title=title, figure=figure, note="; ".join((*lowest.reasons[:2], told)))


def _recovery(probe: Probe | None, title: str) -> Line:
    part = Part.SUSTAINABLE
    if probe is None:
        return Line(part=part, title=title, figure=unknown("s", "not played in this run"))
    if probe.recovered_s is None or probe.answer is Answer.UNKNOWN:
        why = probe.reasons[0] if probe.reasons else f"see {probe.name}"
        if probe.answer is Answer.FAIL:
            why = f"it does not recover: {why}"
        return Line(part=part, title=title, figure=unknown("s", why))
    figure = Figure(value=probe.recovered_s, unit="s", label=Label.MEASURED, why=probe.name)
    more = "" if probe.answer is Answer.PASS else "; ".join(probe.reasons[:1])
    if probe.kind is ProbeKind.OVERLOAD:
        more = more or "1.5 × for 10 s"
    return Line(part=part, title=title, figure=figure, note=note(figure, more))


def redis(plan: RedisPlan, size: RedisSize | None, target: Target) -> dict[str, Line]:
    """Redis's processor, memory and nodes; memory of one shard."""
    part = Part.REDIS
    per_gib = unknown("s", plan.memory.live.why) if size is None else size.restart_s_per_gib
    restart = derive(lambda held, each: held / 2**30 * each, plan.memory.live, per_gib, unit="s")
    node = "" if plan.node is None else plan.node.name
    hours = f"TTL {target.ttl_s / 3600:g} h"
    rows = {
        "redis.cpu": ("CPU of one core, all load", plan.share, ""),
        "redis.knee": ("one shard carries", plan.knee, ""),
        "redis.live_sessions": ("live sessions", target.live_sessions, hours),
        "redis.shards": ("shards", plan.shards, plan.bound),
        "redis.shard_sessions": ("a shard: sessions", plan.sessions, ""),
        "redis.live": ("a shard: live", plan.memory.live, ""),
        "redis.expired": ("a shard: expired", plan.memory.expired, "not yet reclaimed"),
        "redis.rewrite": ("a shard: rewrite", plan.memory.rewrite, "of the append-only file"),
        "redis.fragments": ("a shard: fragmentation", plan.memory.fragments, ""),
        "redis.total": ("a shard: memory", plan.memory.total, ""),
        "redis.node": ("a shard: node of", plan.node_bytes, node),
        "redis.maxmemory": ("a shard: maxmemory", plan.maxmemory, plan.maxmemory.why),
        "redis.restart": ("a shard: restart", restart, "until data is loaded"),
    }
    return {
        key: Line(
            part=part,
            title=title,
            figure=figure,
            note="" if figure.value is None else note,
            recommended=key == "redis.shards",
        )
        for key, (title, figure, note) in rows.items()
    }


def cost(plan: Cost) -> dict[str, Line]:
    """Money; every line is assumed."""
    rows = {
        "cost.million": ("a million conversations", plan.million),
        "cost.replicas": ("of which replicas", plan.replicas),
        "cost.redis": ("of which Redis", plan.redis),
        "cost.model": ("the model for a million", plan.model),
        "cost.hour": ("replicas and Redis, an hour", plan.hour),
        **({} if plan.night is None else {"cost.night": ("the night", plan.night)}),
    }
    return {
        key: Line(part=Part.COST, title=title, figure=figure, note=figure.why)
        for key, (title, figure) in rows.items()
    }


def headroom(
    findings: CapacityFindings, target: Target, today: Today, given: Assumptions
) -> dict[str, Line]:
    """How far today's replicas are above or below the target."""
    part = Part.HEADROOM
    rate = (
        unknown("turns/s", NO_SEARCH) if findings.sustainable is None else findings.sustainable.rate
    )
    # The lower bound is what passed; the value itself may lie between a pass and a failure.
    lower = conservative(rate)

    # Where nothing failed the load may be any larger, and so the headroom.
    open_ended = rate.low is not None and rate.high is None

    def of(replicas: int) -> Figure:
        figure = derive(
            lambda load, wanted: replicas * load / wanted - 1,
            rate,
            target.turns_per_s,
            unit="share",
            at_least=Label.ASSUMED,
            why="N replicas are taken to carry N times one replica's load",
        )
        if figure.value is None or lower is None or not target.turns_per_s.value:
            return figure
        value = replicas * lower / target.turns_per_s.value - 1
        return Figure(
            value=value,
            unit="share",
            label=figure.label,
            low=value if open_ended else None if figure.low is None else min(figure.low, value),
            high=None if figure.high is None else max(figure.high, value),
            why=figure.why,
        )

    count = today.replicas
    if count is None:
        why = "the replicas of today were not given (--replicas-now)"
        return {"headroom.today": Line(part=part, title="today", figure=unknown("share", why))}
    left = count - -(-count // given.zones) if given.zones > 1 else max(count - 1, 0)
    what = "with a zone lost" if given.zones > 1 else "with one away"
    return {
        "headroom.today": Line(
            part=part, title=f"today, {count} replicas", figure=of(count), note=_side(of(count))
        ),
        "headroom.zone_lost": Line(
            part=part, title=f"{what}, {left} left", figure=of(left), note=_side(of(left))
        ),
    }


def _side(figure: Figure) -> str:
    if figure.value is None:
        return ""
    return "above the target" if figure.value >= 0 else "below the target"


def autoscaling(findings: CapacityFindings, advice: Advice, given: Assumptions) -> dict[str, Line]:
    """Signal, threshold, and the replicas that must be there before the opening."""
    part = Part.AUTOSCALE
    start = findings.replica_start_s or unknown("s", "the start of a replica was not measured")
    found = {
        "autoscale.threshold": Line(
            part=part,
            title="add a replica above",
            figure=advice.threshold,
            note=f"in flight, {METRIC}",
        ),
        "autoscale.start": Line(
            part=part, title="the start of a replica", figure=start, note=note(start, start.why)
        ),
        "autoscale.reaction": Line(
            part=part,
            title="a new replica takes",
            figure=advice.reaction,
            note=f"{given.scrape_s:g} s to see the load",
        ),
    }
    if advice.rise is not None:
        found["autoscale.rise"] = Line(
            part=part, title="the steepest rise takes", figure=advice.rise, note=advice.rise.why
        )
    if advice.before is not None:
        found["autoscale.before"] = Line(
            part=part,
            title="there beforehand",
            figure=advice.before,
            note="minReplicas; no zone lost",
        )
    return found


def sanity(findings: CapacityFindings) -> dict[str, Line]:
    """Three curves beside the measured limit.  No other line rests on them."""
    part = Part.SANITY
    found = {}
    if findings.sustainable is not None:
        found["sanity.utilisation"] = Line(
            part=part, title="utilisation law", figure=findings.sustainable.predicted
        )
    points = usl.points(findings)
    queue, law = usl.fit_queue(points), usl.fit_usl(points)
    few = "too few probes, or latency did not grow with the load"
    most = None if queue is None else queue.most
    peak = None if law is None else law.peak
    for key, title, value in (("queue", "queueing fit", most), ("usl", "USL fit, peak", peak)):
        figure = (
            unknown("turns/s", few)
            if value is None
            else Figure(
                value=value, unit="turns/s", label=Label.FITTED, why="a fit through the probes"
            )
        )
        found[f"sanity.{key}"] = Line(part=part, title=title, figure=figure)
    return found
