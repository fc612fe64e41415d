"""Latency: the steady state, each fault, each recovery and the warm-up have their own limits.

Percentiles are of acknowledged turns; other turns count in the error rate, and their time in the
outages.
"""

from __future__ import annotations

from array import array
from heapq import nlargest

from reports.checks.sampled import gate_percentile
from reports.measures.latency import latency_by_phase, outages, sources
from reports.measures.phases import STEADY, WARMUP
from reports.records import Finding, Status
from reports.records.columns import is_acknowledged
from reports.records.history import History

FEWEST_STEADY = 5
"""Fewest turns in the steady state that show that more than half of them are fast enough."""


def check_latency(history: History) -> list[Finding]:
    """Gate the p99 of each part of the run, and the longest outage of any customer."""
    by_phase = history.once(latency_by_phase)
    run = history.run
    steady = by_phase.get(STEADY, array("d"))
    findings = [
        gate_percentile(
            "latency.steady_p99", STEADY, steady, run.slo("steady_p99_s"), FEWEST_STEADY
        )
    ]
    if by_phase.get(WARMUP):
        limit = run.slo_or("warmup_p99_s", "fault_p99_s")
        findings.append(gate_percentile("latency.warmup_p99", WARMUP, by_phase[WARMUP], limit))
    for fault in history.faults:
        phases = sources(history, f"fault:{fault.id}")
        values = next((by_phase[phase] for phase in phases if by_phase.get(phase)), array("d"))
        limit = run.slo("fault_p99_s")
        findings.append(gate_percentile("latency.fault_p99", phases[0], values, limit))
        if by_phase.get(phases[1]):
            limit = run.slo_or("recovery_p99_s", "fault_p99_s")
            findings.append(
                gate_percentile("latency.recovery_p99", phases[1], by_phase[phases[1]], limit)
            )
    findings.append(_outage_gate(history))
    return findings


def _outage_gate(history: History) -> Finding:
    limit = history.run.slo("max_outage_s")
    worst = history.once(outages)
    if not worst.seconds:
        return Finding(
            "latency.outage", "run", Status.UNKNOWN, None, limit, "s", "No turn was offered"
        )
    value = max(worst.seconds)
    over = sum(seconds > limit for seconds in worst.seconds)
    found = zip(worst.seconds, worst.culprits, worst.until, strict=True)
    longest = nlargest(min(over, 20), found)
    told = [(seconds, until, history.turns[number]) for seconds, number, until in longest]
    status = Status.FAIL if over else Status.PASS
    none_answered = not history.turns.count(is_acknowledged)
    if none_answered and not over:
        # Refused customers give up at once, so that their waits do not show the outage.
        status = Status.UNKNOWN
    return Finding(
        check="latency.outage",
        phase="run",
        status=status,
        value=value,
        limit=limit,
        unit="s",
        summary=f"The longest that one customer could not progress: {value:.2f} s, "
        f"limit {limit:g} s"
        + (f", exceeded for {over} customers" if over else "")
        + ("; no turn was answered" if none_answered else ""),
        evidence=tuple(
            f"conversation {turn.conversation}: stuck {seconds:.2f} s until {until:.2f} s, "
            f"turn {turn.turn_id} {turn.outcome} after {turn.attempts} attempts: "
            f"{turn.error or 'no error'}"
            for seconds, until, turn in told
        ),
    )
