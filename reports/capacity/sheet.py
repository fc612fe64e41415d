"""The answer sheet, made from the findings of a capacity run and a target."""

from __future__ import annotations

from pathlib import PurePath

from msgspec.structs import replace

from reports.capacity import autoscale, lines, turn_lines, what_if
from reports.capacity.answer import AnswerSheet, Line, Part, Trust, Verdict
from reports.capacity.cost import plan_cost
from reports.capacity.curves import charts
from reports.capacity.findings import Answer, CapacityFindings, Probe, ProbeKind, RedisSize
from reports.capacity.fleet import Simulation, bare_fleet, grown, zone_lost
from reports.capacity.prices import Prices
from reports.capacity.reach import REACH, Reach
from reports.capacity.redis_plan import RedisPlan, plan_redis, unknown_plan
from reports.capacity.target import Assumptions, Target, Today
from reports.figures.derive import derive, percent
from reports.figures.figure import Figure, Label, unknown
from reports.model_cost.prices import ModelPrices
from reports.model_cost.prices import read as read_model_prices

OWN_PRICES = "list prices that come with diya (--prices takes yours)"
_FORESEEN = ("live memory", "RSS", "restart", "main thread a turn")
"""Of the figures that are foreseen, those from which a plan is made."""
OTHER_SESSIONS = "the sessions of this service are not in Redis"


def build(
    findings: CapacityFindings,
    target: Target,
    today: Today,
    prices: Prices,
    *,
    run: str,
    assumptions: Assumptions | None = None,
    simulation: Simulation | None = None,
    reach: Reach = REACH,
    model_prices: ModelPrices | None = None,
) -> AnswerSheet:
    """The sheet; the same for the same arguments.

    `run` is the name of the capacity run's directory; `model_prices` are those of models, diya's
    when None.
    """
    model_prices = model_prices or read_model_prices()
    given = Assumptions() if assumptions is None else assumptions
    asked, target = target, target.as_given()
    redis = _redis(findings, target, prices, given, reach)
    measured, findings = findings, _of_one_replica(findings, today)
    fleet = _fleet(findings, target, given, simulation, reach)
    fleet = {"fleet.target": _target(asked), **fleet}
    simulated = fleet["fleet.bare"].figure.label is Label.SIMULATED
    checked = simulation.checked_replicas if simulation is not None and simulated else None
    recommended = fleet["fleet.zone_lost" if given.zones > 1 else "fleet.n_plus_1"].figure
    cost = plan_cost(target, recommended, redis, findings.demand, prices, model_prices)
    advice = autoscale.advise(findings, target, given)
    verdict, reasons = _verdict(
        findings, target, today, recommended, redis, fleet["fleet.bare"].figure
    )
    return AnswerSheet(
        run=run,
        profile=findings.profile,
        sessions=findings.sessions,
        agent=findings.agent,
        environment=findings.environment,
        slo=findings.slo,
        target=target.name,
        replicas_today=today.replicas,
        zones=given.zones,
        verdict=verdict,
        headline=_headline(verdict, target, today, recommended, fewer=_only_at_least(findings)),
        reasons=reasons,
        lines={
            **lines.sustainable(measured),
            **turn_lines.turn(
                measured.demand,
                measured.redis_size,
                "" if in_redis(measured) else OTHER_SESSIONS,
            ),
            **fleet,
            **lines.redis(redis, findings.redis_size, asked),
            **lines.cost(cost),
            **lines.headroom(findings, target, today, given),
            **lines.autoscaling(findings, advice, given),
            **_what_if(findings, target, given, fleet["fleet.bare"].figure, checked, reach),
            **lines.sanity(measured),
        },
        prices=_prices(findings, prices, model_prices),
        charts=charts(findings, target, today, given.zones, recommended, redis, reach),
        trust=_trust(findings, checked),
    )


def _prices(findings: CapacityFindings, prices: Prices, model_prices: ModelPrices) -> str:
    """Whose prices they are and their sources; those of models where their tokens were counted."""
    given = findings.asked.prices
    whose = OWN_PRICES if given is None else PurePath(given).name
    told = f"{whose}: {prices.line}"
    counted = findings.demand is not None and findings.demand.model_use
    return f"{told}; tokens: {model_prices.line}" if counted else told


def _of_one_replica(findings: CapacityFindings, today: Today) -> CapacityFindings:
    """The findings with the load of one replica.

    At a target the whole fleet was measured: its replicas, if their number is given, are taken to
    carry equal parts.
    """
    found = findings.sustainable
    if findings.target is None or found is None:
        return findings
    if today.replicas is None:
        why = "the number of the target's replicas is not known; --replicas-now would tell"
        return replace(findings, sustainable=replace(found, rate=unknown("turns/s", why)))
    count = today.replicas
    rate = derive(
        lambda all_: all_ / count,
        found.rate,
        unit="turns/s",
        at_least=Label.ASSUMED,
        why=f"a part of the target's {count}",
    )
    return replace(findings, sustainable=replace(found, rate=rate))


def _redis(
    findings: CapacityFindings,
    target: Target,
    prices: Prices,
    given: Assumptions,
    reach: Reach,
) -> RedisPlan:
    if not in_redis(findings):
        return unknown_plan(OTHER_SESSIONS)
    return plan_redis(target, findings.redis_size, prices, given, findings.demand, reach)


def in_redis(findings: CapacityFindings) -> bool:
    """Whether the sessions of the service are in Redis."""
    return "redis" in findings.sessions.lower()


def _fleet(
    findings: CapacityFindings,
    target: Target,
    given: Assumptions,
    simulation: Simulation | None,
    reach: Reach,
) -> dict[str, Line]:
    bare = bare_fleet(target.turns_per_s, findings.sustainable, simulation, reach)
    zones, away = given.zones, given.rollout

    def line(title: str, figure: Figure, note: str = "", recommended: bool = False) -> Line:
        return Line(part=Part.FLEET, title=title, figure=figure, note=note, recommended=recommended)

    return {
        "fleet.bare": line("bare", bare, bare.why),
        "fleet.n_plus_1": line(
            "N+1", grown(bare, lambda n: n + 1, "one away"), recommended=zones < 2
        ),
        "fleet.zone_lost": line(
            f"one of {zones} zones lost",
            grown(bare, lambda n: zone_lost(n, zones), f"N·{zones}/{zones - 1}")
            if zones > 1
            else unknown("replicas", "with one zone nothing is left when it is lost"),
            recommended=zones > 1,
        ),
        "fleet.rollout": line(
            "mid-rollout",
            grown(bare, lambda n: zone_lost(n + away, zones), "mid-rollout"),
            f"{away} away" + (", and a zone lost" if zones > 1 else ""),
        ),
    }


def _target(asked: Target) -> Line:
    return Line(part=Part.FLEET, title="target", figure=asked.turns_per_s, note=asked.name)


def _what_if(
    findings: CapacityFindings,
    target: Target,
    given: Assumptions,
    bare: Figure,
    checked: int | None,
    reach: Reach,
) -> dict[str, Line]:
    plain = bare_fleet(target.turns_per_s, findings.sustainable, None, reach, checked or 1)
    # What the simulator asks for beyond one replica's load is needed here as well.
    more = max(int((bare.value or 0) - (plain.value or 0)), 0) if plain.value else 0

    def replicas(rate: Figure) -> Figure:
        if findings.sustainable is None or rate.value is None:
            return unknown("replicas", rate.why or "one replica's load was not measured")
        changed = replace(findings.sustainable, rate=rate)
        alone = bare_fleet(target.turns_per_s, changed, None, reach, checked or 1)
        return grown(alone, lambda n: zone_lost(n + more, given.zones), alone.why)

    longer, cost = what_if.longer_history(findings.demand, findings.sustainable, given.history_more)
    slower, binds = what_if.slower_model(findings, given.model_slower)
    synced, told = what_if.synced_shards(target, findings.redis_size, given)
    part = Part.WHAT_IF
    return {
        "what_if.history": Line(
            part=part,
            title=f"history +{percent(given.history_more)}",
            figure=replicas(longer),
            note=cost,
        ),
        "what_if.model": Line(
            part=part,
            title=f"model {given.model_slower:g} × slower",
            figure=replicas(slower),
            note=binds,
        ),
        "what_if.fsync": Line(part=part, title="appendfsync always", figure=synced, note=told),
    }


def _verdict(
    findings: CapacityFindings,
    target: Target,
    today: Today,
    recommended: Figure,
    redis: RedisPlan,
    bare: Figure,
) -> tuple[Verdict, tuple[str, ...]]:
    """NO-GO on evidence; INCONCLUSIVE if something that counts is not known; else GO."""
    against, open_ = [], []
    most = _at_most(findings, target, today)
    if recommended.value is None and most:
        against.append(most)
    if recommended.value is None:
        open_.append(f"The replicas needed are not known: {recommended.why}.")
    elif (
        today.replicas is not None
        and today.replicas < recommended.value
        and _only_at_least(findings)
    ):
        open_.append(
            f"Whether {today.replicas} replicas carry it is not known: no probe failed, so "
            f"{recommended.value:,.0f} are enough, and fewer may be."
        )
    elif today.replicas is not None and today.replicas < recommended.value:
        short = bare.value is not None and today.replicas < bare.value
        lost = "even with all of them there" if short else "if a zone is lost"
        against.append(
            f"{today.replicas} replicas do not carry it {lost}: "
            f"{recommended.value:,.0f} are needed."
        )
    if in_redis(findings):
        if redis.shards.value is None:
            open_.append(f"The shards of Redis needed are not known: {redis.shards.why}.")
        elif today.replicas is not None and today.shards < redis.shards.value:
            against.append(
                f"Redis needs {redis.shards.value:,.0f} shards, {today.shards} today: "
                f"{redis.bound}."
            )
    for probe, cause in _recoveries(findings):
        if probe.answer is Answer.FAIL:
            against.append(f"It does not recover after {cause}: {_why(probe)}.")
        elif probe.answer is Answer.UNKNOWN:
            open_.append(f"The recovery after {cause} is not known: {_why(probe)}.")
    verdict = Verdict.NO_GO if against else Verdict.INCONCLUSIVE if open_ else Verdict.GO
    return verdict, tuple(against + open_)


def _only_at_least(findings: CapacityFindings) -> bool:
    """Whether the load of a replica is only known to be at least what passed."""
    found = findings.sustainable
    return found is not None and found.rate.low is not None and found.rate.high is None


def _at_most(findings: CapacityFindings, target: Target, today: Today) -> str:
    """Why today's replicas cannot carry the target, however many it needs; else empty.

    N replicas carry at most N times the load at which one failed.
    """
    found, wanted = findings.sustainable, target.turns_per_s.low or target.turns_per_s.value
    if found is None or found.rate.high is None or today.replicas is None or wanted is None:
        return ""
    most = today.replicas * found.rate.high
    if most >= wanted:
        return ""
    return (
        f"{today.replicas} replicas carry at most {today.replicas} times the load at which one "
        f"failed, {most:,.0f} turns/s."
    )


def _recoveries(findings: CapacityFindings) -> list[tuple[Probe, str]]:
    sustainable = findings.sustainable
    if sustainable is None:
        return []
    pairs = (
        (sustainable.after_kill, "the kill of a replica"),
        (sustainable.after_overload, "an overload"),
    )
    return [(probe, cause) for probe, cause in pairs if probe is not None]


def _why(probe: Probe) -> str:
    return probe.reasons[0].rstrip(".") if probe.reasons else f"see {probe.name}"


def _headline(
    verdict: Verdict, target: Target, today: Today, recommended: Figure, *, fewer: bool
) -> str:
    """`fewer`: the recommended replicas are enough, and fewer may be."""
    head = f"{verdict.value} for {target.name}"
    needed = recommended.value
    if today.replicas is None:
        return head if needed is None else f"{head} with {needed:,.0f} replicas"
    head = f"{head} with {today.replicas} replicas"
    if verdict is Verdict.GO or needed is None:
        return head
    if today.replicas >= needed:
        return f"{head}, which are enough"
    return f"{head}; {needed:,.0f} replicas are {'enough' if fewer else 'needed'}"


def _redis_notes(size: RedisSize) -> tuple[str, ...]:
    """How near the largest size was to the lines through the others, and what was left out."""
    if not size.foreseen:
        return size.left_out
    largest = size.foreseen[-1]
    off = ", ".join(f"{name} {100 * largest.off[name]:+.1f} %" for name in _FORESEEN)
    return (
        f"Redis with {largest.sessions:,} sessions, foreseen from the smaller sizes: {off}",
        *size.left_out,
    )


def _trust(findings: CapacityFindings, checked: int | None) -> Trust:
    size, sustainable = findings.redis_size, findings.sustainable
    sessions = max((point.sessions for point in size.points), default=None) if size else None
    searched = [probe for probe in findings.probes if probe.kind is not ProbeKind.DEMAND]
    busy = [probe.others_share for probe in findings.probes if probe.others_share is not None]
    missing = ["the network between machines", "noisy neighbours", "a failover of Redis"]
    if str(findings.environment.get("model", "scripted")).startswith(("scripted", "stand-in")):
        missing.append("a real model's waits")
    if in_redis(findings):
        missing.append(f"Redis above {sessions:,} sessions" if sessions else "Redis at its size")
    missing.append(f"fleets of more than {checked} replicas" if checked else "fleets as a whole")
    if sustainable is None or sustainable.after_kill is None:
        missing.append("the kill of a replica at this load")
    if sustainable is None or sustainable.after_overload is None:
        missing.append("the recovery after an overload")
    return Trust(
        probes=len(searched),
        seconds=findings.seconds,
        others_share=max(busy, default=None),
        run_cv=None if sustainable is None else sustainable.run_cv,
        sessions_measured=sessions,
        replicas_checked=checked,
        notes=(*findings.notes, *(() if size is None else _redis_notes(size))),
        not_shown=tuple(missing),
    )
