"""Latency: what customers felt, counted from the moment they meant to send.

Percentiles are of acknowledged turns; what was not acknowledged is in the error rate, and the time
it took is in the outages.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nlargest
from itertools import chain

from reports.columns import OK, OUTCOME, Turns
from reports.history import History
from reports.percentiles import ascending, percentile
from reports.phases import STEADY, PhaseMap, turns_by_phase
from reports.records import Finding, Status

FEWEST_FOR_P99 = 100
"""Below this many turns the 99th percentile is the maximum; the gate says so."""


def latencies(turns: Turns, which: Iterable[int]) -> array[float]:
    """Ascending latencies of those of these turns that were acknowledged, seconds."""
    state, due, done = turns.state, turns.due, turns.done
    return ascending(done[n] - due[n] for n in which if state[n] & OUTCOME == OK)


def latency_by_phase(history: History) -> dict[str, array[float]]:
    """Ascending latencies of every phase that has turns, and of `all`."""
    phases = {
        phase: latencies(history.turns, turns)
        for phase, turns in history.once(turns_by_phase).items()
    }
    # Sorted stretches, which a sort only merges.
    return {"all": ascending(chain.from_iterable(phases.values())), **phases}


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
    name: str, phase: str, by_phase: dict[str, array[float]], sources: list[str], limit: float
) -> Finding:
    values = next((by_phase[source] for source in sources if by_phase.get(source)), array("d"))
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


@dataclass(frozen=True, slots=True)
class Outages:
    """How long each conversation could not progress at worst, and the turn that ended it."""

    seconds: array[float]
    culprits: array[int]
    """Numbers of turns."""


def outages(history: History) -> Outages:
    """The longest outage of each conversation that took a turn.

    The time from when a customer meant to send until the next acknowledged turn (or until they
    gave up), seconds.
    """
    state, due, done = history.turns.state, history.turns.due, history.turns.done
    worst = Outages(array("d"), array("I"))
    for _, numbers in history.turns.talks():
        longest, culprit = 0.0, numbers[0]
        stuck_since: float | None = None
        for number in numbers:
            since = due[number] if stuck_since is None else stuck_since
            if done[number] - since >= longest:
                longest, culprit = done[number] - since, number
            stuck_since = None if state[number] & OUTCOME == OK else since
        worst.seconds.append(longest)
        worst.culprits.append(culprit)
    return worst


def _outage_gate(history: History) -> Finding:
    limit = history.run.slo("max_outage_s")
    worst = history.once(outages)
    if not worst.seconds:
        return Finding(
            "latency.outage", "run", Status.UNKNOWN, None, limit, "s", "No turn was offered"
        )
    value = max(worst.seconds)
    over = sum(seconds > limit for seconds in worst.seconds)
    longest = nlargest(min(over, 20), zip(worst.seconds, worst.culprits, strict=True))
    told = [(seconds, history.turns[number]) for seconds, number in longest]
    return Finding(
        check="latency.outage",
        phase="run",
        status=Status.FAIL if over else Status.PASS,
        value=value,
        limit=limit,
        unit="s",
        summary=f"The longest that one customer could not progress: {value:.2f} s, "
        f"limit {limit:g} s" + (f", exceeded for {over} customers" if over else ""),
        evidence=tuple(
            f"conversation {turn.conversation}: stuck {seconds:.2f} s until {turn.done:.2f} s, "
            f"turn {turn.turn_id} {turn.outcome} after {turn.attempts} attempts: "
            f"{turn.error or 'no error'}"
            for seconds, turn in told
        ),
    )
