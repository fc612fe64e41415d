"""Builds the result of a run, which `result.json` holds and every renderer reads.

Its types are in `reports.verdict.result_types`; its form is published in `result.schema.json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType, to_builtins

from reports.diagnosis import Diagnosis, diagnoses
from reports.gates import gate
from reports.measures import database_size
from reports.measures.budget import budget
from reports.measures.continuity.all_conversations import counts, take_tallies
from reports.measures.continuity.call_counts import call_counts
from reports.measures.dead_replicas import sent_to_dead
from reports.measures.foreign_cpu import foreign_cpu
from reports.measures.generator import generator_samples, lags, send_lags
from reports.measures.intervals import CONFIDENCE
from reports.measures.latency import first_token_by_phase, latency_by_phase
from reports.measures.percentiles import percentile
from reports.measures.recovery import Impact, impacts
from reports.measures.redis_memory import fleet_rss, measure
from reports.measures.replicas import answerers, moved
from reports.measures.turn_costs import turn_costs
from reports.model_cost.of_run import of_run
from reports.records import Evidence, Fate, Finding
from reports.records.columns import FAIL, INFO, OK, OUTCOME, RETRIED
from reports.records.history import History
from reports.records.run_description import RedisServerDescription
from reports.verdict.headline import headline
from reports.verdict.part_types import Environment, Generator, Memory, MemoryForecast, Redis
from reports.verdict.result_types import (
    CauseOfFailure,
    Continuity,
    DiagnosisOfGate,
    ErrorBudget,
    ErrorCount,
    Fault,
    Gate,
    Latency,
    Result,
    Sample,
    SpentBudget,
    TurnCounts,
)
from reports.verdict.timeline import build_timeline
from reports.verdict.verdict import by_weight, judge_findings

T = TypeVar("T")


def build(history: History, findings: Sequence[Finding]) -> dict[str, Any]:
    """Build the result in plain JSON types; times in seconds, sizes in bytes."""
    built: dict[str, Any] = to_builtins(_build(history, findings))
    return built


def _build(history: History, findings: Sequence[Finding]) -> Result:
    verdict = judge_findings(findings)
    worst = by_weight(findings)
    causes = diagnoses(history, findings)
    run = history.run
    started = datetime.fromtimestamp(run.origin, UTC)
    return Result(
        run_id=run.run_id,
        name=history.name,
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        duration_s=history.last_moment,
        verdict=verdict,
        exit_code=verdict.exit_code,
        headline=headline(history, verdict, worst, causes),
        # List a reason once, even if several gates are unknown because of it.
        reasons=list(dict.fromkeys(f.summary for f in worst if not f.out_of_sight)),
        gates=[_gate(finding) for finding in findings],
        diagnosis=[_diagnosis(each) for each in causes],
        turns=_turns(history),
        continuity=Continuity(**counts(history.once(take_tallies))),
        model_calls=_or_unset(call_counts(history)),
        latency=_latency(history),
        error_budget=_error_budget(history),
        faults=[_fault(impact, history) for impact in history.once(impacts)],
        memory=_memory(history),
        costs=turn_costs(history),
        generator=_generator(history),
        environment=_environment(history),
        profile=run.profile,
        slo_overrides=run.slo_overrides or None,
        sizing=run.sizing,
        experiment=run.experiment,
        seed=run.seed,
        reproduce=list(run.command) or None,
        timeline=build_timeline(history),
        model_cost=_or_unset(of_run(history)),
        simulated=run.simulated,
    )


def _or_unset(value: T | None) -> T | UnsetType:
    """Unset for None: the field is missing."""
    return UNSET if value is None else value


def _gate(finding: Finding) -> Gate:
    return Gate(
        name=finding.check,
        title=gate(finding.check).title,
        phase=finding.phase,
        value=finding.value,
        limit=finding.limit,
        unit=finding.unit,
        status=finding.status,
        summary=finding.summary,
        evidence=list(finding.evidence),
        out_of_sight=finding.out_of_sight or UNSET,
        sample=UNSET if finding.sample is None else _sample(finding.sample),
    )


def _sample(sample: Evidence) -> Sample:
    return Sample(
        n=sample.n,
        low=sample.low,
        high=sample.high,
        confidence=CONFIDENCE,
        judged_as=sample.judged_as,
    )


def _diagnosis(each: Diagnosis) -> DiagnosisOfGate:
    return DiagnosisOfGate(
        gate=each.gate,
        phase=each.phase,
        since=each.since,
        until=each.until,
        waits=each.waits,
        cause=each.cause,
        sentence=each.sentence,
        causes=[CauseOfFailure(name=one.name, sentence=one.sentence) for one in each.causes],
        errors=[ErrorCount(text=text, count=count) for text, count in each.errors],
        queue=each.queue,
    )


def _turns(history: History) -> TurnCounts:
    turns, conversations = history.turns, history.conversations
    planned = history.planned_arrivals
    return TurnCounts(
        planned=conversations.turns_planned,
        offered=len(turns),
        ok=turns.count(lambda state: state & OUTCOME == OK),
        failed=turns.count(lambda state: state & OUTCOME == FAIL),
        indeterminate=turns.count(lambda state: state & OUTCOME == INFO),
        retried=turns.count(lambda state: bool(state & RETRIED)),
        attempts=turns.attempts,
        conversations_planned=len(conversations) if planned is None else planned,
        conversations_offered=conversations.count(Fate.OFFERED),
        replicas_seen=history.once(answerers).count,
        moved=history.once(moved),
    )


def _latency(history: History) -> dict[str, Latency]:
    first_token = first_token_by_phase(history)
    table: dict[str, Latency] = {}
    for phase, ordered in history.once(latency_by_phase).items():
        first = first_token.get(phase, ())
        table[phase] = Latency(
            count=len(ordered),
            p50=_percentile(ordered, 50),
            p90=_percentile(ordered, 90),
            p95=_percentile(ordered, 95),
            p99=_percentile(ordered, 99),
            p999=_percentile(ordered, 99.9),
            max=ordered[-1] if ordered else None,
            first_token_p50=_or_unset(_percentile(first, 50)),
            first_token_p99=_or_unset(_percentile(first, 99)),
        )
    return table


def _percentile(ordered: Sequence[float], p: float) -> float | None:
    """The percentile of these values; None: there are none."""
    return percentile(ordered, p) if ordered else None


def _error_budget(history: History) -> ErrorBudget:
    allowed = history.once(budget)
    spent = allowed.spending(history.turns, range(len(history.turns)))
    return ErrorBudget(
        failed_allowed=allowed.failed_allowed,
        slow_allowed=allowed.slow_allowed,
        slow_limit_s=allowed.slow_limit_s,
        failed=spent.failed,
        slow=spent.slow,
        spent=spent.spent,
    )


def _fault(impact: Impact, history: History) -> Fault:
    fault = impact.fault
    spent = history.once(budget).spending(history.turns, impact.disturbed)
    return Fault(
        id=fault.id,
        fault=fault.fault,
        target=fault.target,
        start=fault.start,
        end=fault.end,
        took_hold=fault.took_hold,
        recovered_at=fault.recovered_at,
        downtime_s=fault.end - fault.start,
        first_ok_s=impact.first_ok_s,
        recovery_s=impact.recovery_s,
        disturbed_turns=len(impact.disturbed),
        failed_turns=impact.failed_turns,
        worst_outage_s=impact.worst_outage_s,
        sent_to_dead=history.once(sent_to_dead)[fault.id],
        budget=SpentBudget(failed=spent.failed, slow=spent.slow, spent=spent.spent),
        error=fault.error,
        declared=_or_unset(fault.declared),
    )


def _memory(history: History) -> Memory:
    memory = history.once(measure)
    rss = fleet_rss(history)
    start, end = history.load_start, history.load_end
    before = [value for t, value in rss if start is not None and t < start]
    after = [value for t, value in rss if end is not None and t > end]
    database = database_size.measure(history)
    return Memory(
        baseline_bytes=memory.baseline_bytes,
        peak_bytes=memory.peak_bytes,
        final_bytes=memory.final_bytes,
        peak_keys=memory.peak_keys,
        final_keys=memory.final_keys,
        expired_keys=memory.expired_keys,
        evicted_keys=memory.evicted_keys,
        keys_without_ttl_max=memory.keys_without_ttl_max,
        bytes_per_live_conversation=memory.bytes_per_live_conversation,
        fleet_rss_baseline_bytes=before[-1] if before else None,
        fleet_rss_peak_bytes=max((value for _, value in rss), default=None),
        fleet_rss_final_bytes=after[-1] if after else None,
        ttl_seconds=history.run.ttl_seconds,
        forecast=_forecast(history, memory.peak_bytes),
        database_baseline_bytes=UNSET if database is None else database.before,
        database_peak_bytes=UNSET if database is None else database.peak,
        database_final_bytes=UNSET if database is None else database.last,
    )


def _forecast(history: History, measured: float | None) -> MemoryForecast | None:
    """The forecast peak and the measured one; None: there was no forecast."""
    if history.forecast is None:
        return None
    predicted = history.forecast.peak
    known = measured is not None and measured > 0 and not history.cut_short
    return MemoryForecast(
        predicted_peak_bytes=predicted,
        measured_peak_bytes=measured,
        # A run that was cut short may not have reached its peak.
        error=predicted / measured - 1 if known and measured else None,
    )


def _generator(history: History) -> Generator:
    ordered, sent = history.once(lags), history.once(send_lags)
    return Generator(
        send_lag_p99_s=_percentile(sent, 99),
        send_lag_max_s=sent[-1] if sent else None,
        lag_p50_s=_percentile(ordered, 50),
        lag_p99_s=_percentile(ordered, 99),
        lag_max_s=ordered[-1] if ordered else None,
        foreign_cpu_percent=foreign_cpu(history),
        cpu_max_percent=max(
            (
                sample.values["cpu_percent"]
                for samples in generator_samples(history).values()
                for sample in samples
                if "cpu_percent" in sample.values
            ),
            default=None,
        ),
    )


def _environment(history: History) -> Environment:
    run, known = history.run, history.run.environment
    server = known.redis_server or RedisServerDescription()
    return Environment(
        diya=known.diya,
        python=known.python,
        platform=known.platform,
        cores=known.cores,
        memory_bytes=known.memory_bytes,
        cpu=known.cpu,
        machine=known.machine,
        versions=known.versions,
        database=known.database,
        model=known.model,
        images=known.images,
        containers=known.containers,
        replicas=run.topology.replicas,
        redis=Redis(
            name=server.name,
            version=server.version,
            allocator=server.allocator,
            topology=run.topology.redis,
            aof=run.topology.aof,
        ),
        durability=run.topology.durability,
        sessions=run.sessions,
        compression=run.compression,
    )
