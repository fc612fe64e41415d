"""The result of a run: the dictionary that `result.json` holds and every renderer reads.

Its form is published in `result.schema.json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import isnan
from typing import Any

from msgspec import UNSET, to_builtins

from reports.diagnosis import diagnoses, to_json
from reports.gates import gate
from reports.measures import database_size
from reports.measures.budget import Spending, budget
from reports.measures.continuity.all_conversations import counts, take_tallies
from reports.measures.continuity.call_counts import call_counts
from reports.measures.dead_replicas import sent_to_dead
from reports.measures.foreign_cpu import foreign_cpu
from reports.measures.generator import generator_samples, lags, send_lags
from reports.measures.intervals import CONFIDENCE
from reports.measures.latency import latency_by_phase
from reports.measures.percentiles import ascending, percentile
from reports.measures.phases import turns_by_phase
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
from reports.verdict.timeline import build_timeline
from reports.verdict.verdict import by_weight, judge_findings

SCHEMA_VERSION = 1
_PERCENTILES = {"p50": 50, "p90": 90, "p95": 95, "p99": 99, "p999": 99.9}


def build(history: History, findings: Sequence[Finding]) -> dict[str, Any]:
    """Build the result.  Plain JSON types; times in seconds, sizes in bytes."""
    verdict = judge_findings(findings)
    worst = by_weight(findings)
    causes = diagnoses(history, findings)
    calls = call_counts(history)
    started = datetime.fromtimestamp(history.run.origin, UTC)
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": history.run.run_id,
        "name": history.name,
        "started": started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "duration_s": history.last_moment,
        "verdict": verdict.value,
        "exit_code": verdict.exit_code,
        "headline": headline(history, verdict, worst, causes),
        # List a reason once, even if several gates are unknown because of it.
        "reasons": list(dict.fromkeys(f.summary for f in worst if not f.out_of_sight)),
        "gates": [_gate(finding) for finding in findings],
        "diagnosis": [to_json(each) for each in causes],
        "turns": _turns(history),
        "continuity": counts(history.once(take_tallies)),
        **({} if calls is None else {"model_calls": calls}),
        "latency": _latency(history),
        "error_budget": _error_budget(history),
        "faults": [_fault(impact, history) for impact in history.once(impacts)],
        "memory": _memory(history),
        "costs": turn_costs(history).to_dict(),
        "generator": _generator(history),
        "environment": _environment(history),
        "profile": history.run.profile,
        "slo_overrides": history.run.slo_overrides or None,
        "sizing": None if history.run.sizing is None else history.run.sizing.to_dict(),
        "experiment": to_builtins(history.run.experiment),
        "seed": history.run.seed,
        "reproduce": list(history.run.command) or None,
        "timeline": build_timeline(history),
        **_model_cost(history),
        **({} if history.run.simulated is UNSET else {"simulated": history.run.simulated}),
    }


def _model_cost(history: History) -> dict[str, Any]:
    """The cost of the model; missing where no stand-in logged its calls."""
    cost = of_run(history)
    return {} if cost is None else {"model_cost": cost.to_dict()}


def _gate(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.check,
        "title": gate(finding.check).title,
        "phase": finding.phase,
        "value": finding.value,
        "limit": finding.limit,
        "unit": finding.unit,
        "status": finding.status.value,
        "summary": finding.summary,
        "evidence": list(finding.evidence),
        **({"out_of_sight": True} if finding.out_of_sight else {}),
        **({"sample": _sample(finding.sample)} if finding.sample else {}),
    }


def _sample(sample: Evidence) -> dict[str, Any]:
    return {
        "n": sample.n,
        "low": sample.low,
        "high": sample.high,
        "confidence": CONFIDENCE,
        "judged_as": sample.judged_as,
    }


def _turns(history: History) -> dict[str, int]:
    turns, conversations = history.turns, history.conversations
    planned = history.planned_arrivals
    return {
        "planned": conversations.turns_planned,
        "offered": len(turns),
        "ok": turns.count(lambda state: state & OUTCOME == OK),
        "failed": turns.count(lambda state: state & OUTCOME == FAIL),
        "indeterminate": turns.count(lambda state: state & OUTCOME == INFO),
        "retried": turns.count(lambda state: bool(state & RETRIED)),
        "attempts": turns.attempts,
        "conversations_planned": len(conversations) if planned is None else planned,
        "conversations_offered": conversations.count(Fate.OFFERED),
        "replicas_seen": history.once(answerers).count,
        "moved": history.once(moved),
    }


def _latency(history: History) -> dict[str, dict[str, float | int | None]]:
    turns = history.turns
    by_phase = {"all": range(len(turns)), **history.once(turns_by_phase)}
    table: dict[str, dict[str, float | int | None]] = {}
    for phase, ordered in history.once(latency_by_phase).items():
        row: dict[str, float | int | None] = {"count": len(ordered)}
        for name, p in _PERCENTILES.items():
            row[name] = percentile(ordered, p) if ordered else None
        row["max"] = ordered[-1] if ordered else None
        first = ascending(
            turns.first_token[n] - turns.due[n]
            for n in by_phase.get(phase, ())
            if turns.state[n] & OUTCOME == OK and not isnan(turns.first_token[n])
        )
        if first:
            row["first_token_p50"] = percentile(first, 50)
            row["first_token_p99"] = percentile(first, 99)
        table[phase] = row
    return table


def _error_budget(history: History) -> dict[str, float | int | None]:
    allowed = history.once(budget)
    return {
        "failed_allowed": allowed.failed_allowed,
        "slow_allowed": allowed.slow_allowed,
        "slow_limit_s": allowed.slow_limit_s,
        **_spending(allowed.spending(history.turns, range(len(history.turns)))),
    }


def _spending(spending: Spending) -> dict[str, float | int | None]:
    return {"failed": spending.failed, "slow": spending.slow, "spent": spending.spent}


def _fault(impact: Impact, history: History) -> dict[str, Any]:
    fault = impact.fault
    return {
        "id": fault.id,
        "fault": fault.fault,
        "target": fault.target,
        "start": fault.start,
        "end": fault.end,
        "took_hold": fault.took_hold,
        "recovered_at": fault.recovered_at,
        "downtime_s": fault.end - fault.start,
        "first_ok_s": impact.first_ok_s,
        "recovery_s": impact.recovery_s,
        "disturbed_turns": len(impact.disturbed),
        "failed_turns": impact.failed_turns,
        "worst_outage_s": impact.worst_outage_s,
        "sent_to_dead": history.once(sent_to_dead)[fault.id],
        "budget": _spending(history.once(budget).spending(history.turns, impact.disturbed)),
        "error": fault.error,
        **({} if fault.declared is None else {"declared": fault.declared}),
    }


def _memory(history: History) -> dict[str, Any]:
    memory = history.once(measure)
    rss = fleet_rss(history)
    start, end = history.load_start, history.load_end
    before = [value for t, value in rss if start is not None and t < start]
    after = [value for t, value in rss if end is not None and t > end]
    return {
        "baseline_bytes": memory.baseline_bytes,
        "peak_bytes": memory.peak_bytes,
        "final_bytes": memory.final_bytes,
        "peak_keys": memory.peak_keys,
        "final_keys": memory.final_keys,
        "expired_keys": memory.expired_keys,
        "evicted_keys": memory.evicted_keys,
        "keys_without_ttl_max": memory.keys_without_ttl_max,
        "bytes_per_live_conversation": memory.bytes_per_live_conversation,
        "fleet_rss_baseline_bytes": before[-1] if before else None,
        "fleet_rss_peak_bytes": max((value for _, value in rss), default=None),
        "fleet_rss_final_bytes": after[-1] if after else None,
        "ttl_seconds": history.run.ttl_seconds,
        "forecast": _forecast(history, memory.peak_bytes),
        **_database(history),
    }


def _database(history: History) -> dict[str, float]:
    """The size of the database that holds the sessions; empty: it was not sampled."""
    size = database_size.measure(history)
    if size is None:
        return {}
    return {
        "database_baseline_bytes": size.before,
        "database_peak_bytes": size.peak,
        "database_final_bytes": size.last,
    }


def _forecast(history: History, measured: float | None) -> dict[str, float | None] | None:
    """The forecast peak and the measured one; None: there was no forecast."""
    if history.forecast is None:
        return None
    predicted = history.forecast.peak
    known = measured is not None and measured > 0 and not history.cut_short
    return {
        "predicted_peak_bytes": predicted,
        "measured_peak_bytes": measured,
        # A run that was cut short may not have reached its peak.
        "error": predicted / measured - 1 if known and measured else None,
    }


def _generator(history: History) -> dict[str, float | None]:
    ordered, sent = history.once(lags), history.once(send_lags)
    return {
        "send_lag_p99_s": percentile(sent, 99) if sent else None,
        "send_lag_max_s": sent[-1] if sent else None,
        "lag_p50_s": percentile(ordered, 50) if ordered else None,
        "lag_p99_s": percentile(ordered, 99) if ordered else None,
        "lag_max_s": ordered[-1] if ordered else None,
        "foreign_cpu_percent": foreign_cpu(history),
        "cpu_max_percent": max(
            (
                sample.values["cpu_percent"]
                for samples in generator_samples(history).values()
                for sample in samples
                if "cpu_percent" in sample.values
            ),
            default=None,
        ),
    }


def _environment(history: History) -> dict[str, Any]:
    run = history.run
    environment = to_builtins(run.environment)
    del environment["redis_server"]
    server = run.environment.redis_server or RedisServerDescription()
    return {
        **environment,
        "replicas": run.topology.replicas,
        "redis": {
            **to_builtins(server),
            "topology": run.topology.redis,
            "aof": run.topology.aof,
        },
        "durability": run.topology.durability,
        "sessions": run.sessions,
        "compression": run.compression,
    }
