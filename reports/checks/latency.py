"""Latency: what customers felt, counted from the moment they meant to send.

Percentiles are of acknowledged turns; what was not acknowledged is in the error rate, and the time
it took is in the outages.
"""

from __future__ import annotations

from itertools import chain

from reports.history import History
from reports.percentiles import percentile
from reports.phases import STEADY, PhaseMap, turns_by_phase
from reports.records import Finding, Outcome, Status, TurnRecord

FEWEST_FOR_P99 = 100
"""Below this many turns the 99th percentile is the maximum; the gate says so."""


def latencies(turns: list[TurnRecord]) -> list[float]:
    """Ascending latencies of the acknowledged turns, seconds."""
    return sorted([turn.done - turn.due for turn in turns if turn.outcome is Outcome.OK])


def latency_by_phase(history: History) -> dict[str, list[float]]:
    """Ascending latencies of every phase that has turns, and of `all`."""
    phases = {phase: latencies(turns) for phase, turns in history.once(turns_by_phase).items()}
    # Sorted stretches, which a sort only merges; and the numbers of a million turns held once.
    return {"all": sorted(chain.from_iterable(phases.values())), **phases}


def check_latency(history: History) -> list[Finding]:
    """Gate the steady state and every fault on its p99, and everybody on the longest outage."""
    by_phase = history.once(latency_by_phase)
    run = history.run
    findings = [_gate("latency.steady_p99", STEADY, by_phase, [STEADY], run.slo("steady_p99_s"))]
    for fault in history.faults:
        # A window may be shorter than the gap between two turns; then its recovery speaks for it.
        phases = [f"fault:{fault.id}", f"recovery:{fault.id}"]
        # Of faults at the same time one has all the turns: it speaks for those that it shares.
        phases += sorted(history.once(PhaseMap).shared[phases[0]])
        findings.append(
            _gate("latency.fault_p99", phases[0], by_phase, phases, run.slo("fault_p99_s"))
        )
    findings.append(_outage_gate(history))
    return findings


def _gate(
    name: str, phase: str, by_phase: dict[str, list[float]], sources: list[str], limit: float
) -> Finding:
    values = next((by_phase[source] for source in sources if by_phase.get(source)), [])
    if not values:
        return Finding(
            name, phase, Status.UNKNOWN, None, limit, "s", f"No turn was answered in {phase}"
        )
    value = percentile(values, 99)
    measured = f"p99 of {len(values)} turns"
    if len(values) < FEWEST_FOR_P99:
        value = values[-1]
        measured = f"slowest of {len(values)} turns (too few for a p99)"
    passed = value <= limit
    return Finding(
        check=name,
        phase=phase,
        status=Status.PASS if passed else Status.FAIL,
        value=value,
        limit=limit,
        unit="s",
        summary=f"{measured} in {phase}: {value:.2f} s, limit {limit:g} s",
    )


def outages(history: History) -> list[tuple[float, TurnRecord]]:
    """How long each conversation could not progress at worst, and the turn that ended it.

    The time from when a customer meant to send until the next acknowledged turn (or until they
    gave up), seconds.
    """
    worst: list[tuple[float, TurnRecord]] = []
    for turns in history.turns_by_conversation.values():
        longest, culprit = 0.0, turns[0]
        stuck_since: float | None = None
        for turn in turns:
            since = turn.due if stuck_since is None else stuck_since
            if turn.done - since >= longest:
                longest, culprit = turn.done - since, turn
            stuck_since = None if turn.outcome is Outcome.OK else since
        worst.append((longest, culprit))
    return worst


def _outage_gate(history: History) -> Finding:
    limit = history.run.slo("max_outage_s")
    worst = sorted(history.once(outages), key=lambda outage: outage[0], reverse=True)
    if not worst:
        return Finding(
            "latency.outage", "run", Status.UNKNOWN, None, limit, "s", "No turn was offered"
        )
    value = worst[0][0]
    over = [outage for outage in worst if outage[0] > limit]
    return Finding(
        check="latency.outage",
        phase="run",
        status=Status.FAIL if over else Status.PASS,
        value=value,
        limit=limit,
        unit="s",
        summary=f"The longest that one customer could not progress: {value:.2f} s, "
        f"limit {limit:g} s" + (f", exceeded for {len(over)} customers" if over else ""),
        evidence=tuple(
            f"conversation {turn.conversation}: stuck {seconds:.2f} s until {turn.done:.2f} s, "
            f"turn {turn.turn_id} {turn.outcome} after {turn.attempts} attempts: "
            f"{turn.error or 'no error'}"
            for seconds, turn in over[:20]
        ),
    )
