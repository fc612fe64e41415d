"""Latency as customers see it, counted from the intended time of sending.

Percentiles are of acknowledged turns; other turns count in the error rate, and their time in the
outages.  A turn that was already late when a fault began counts in both phases.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from operator import and_, sub

from reports.measures.percentiles import ascending
from reports.measures.phases import STEADY, WARMUP, PhaseMap, turns_by_phase
from reports.records.columns import OK, OUTCOME, is_acknowledged
from reports.records.history import History


def latency_by_phase(history: History) -> dict[str, array[float]]:
    """Ascending latencies of every phase that has turns, and of `all`."""
    turns = history.turns
    phases = _by_phase(history, turns.latency, turns.which(is_acknowledged))
    for phase, late in history.once(_late_before_a_fault).items():
        waits = (began - turns.due[number] for number, began in late)
        phases[phase] = ascending(chain(phases.get(phase, ()), waits))
    return phases


def first_token_by_phase(history: History) -> dict[str, array[float]]:
    """The same of the waits for the first words of the replies; empty if no reply was streamed."""
    turns = history.turns
    shown = bytes([t == t for t in turns.first_token])  # NaN equals nothing
    if not any(shown):
        return {}
    waits = array("d", map(sub, turns.first_token, turns.due))
    return _by_phase(history, waits, bytes(map(and_, shown, turns.which(is_acknowledged))))


def _by_phase(
    history: History, waits: array[float], chosen: Sequence[int]
) -> dict[str, array[float]]:
    """The ascending waits of the chosen turns of every phase that has turns, and of `all`."""
    phases = {
        phase: ascending(
            compress(map(waits.__getitem__, numbers), map(chosen.__getitem__, numbers))
        )
        for phase, numbers in history.once(turns_by_phase).items()
    }
    # The parts are sorted, so that this sort only merges them.
    return {"all": ascending(chain.from_iterable(phases.values())), **phases}


def too_slow(history: History) -> bytes:
    """1 for each turn that took longer than the limit of the steady state, else 0."""
    limit = history.run.slo("steady_p99_s")
    return bytes([latency > limit for latency in history.turns.latency])


def _late_before_a_fault(history: History) -> dict[str, list[tuple[int, float]]]:
    """Phase → (numbers of turns that were already late when a fault began, its start).

    Such a turn belongs to the fault, and also to the phase in which it was due: the fault cannot
    have made it late.
    """
    turns, run, phases = history.turns, history.run, history.once(PhaseMap)
    limits = {
        STEADY: run.slo("steady_p99_s"),
        WARMUP: run.slo_or("warmup_p99_s", "fault_p99_s"),
    }
    late: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    by_phase = history.once(turns_by_phase)
    for fault in phases.faults:
        for number in by_phase.get(fault.name, ()):
            due = turns.due[number]
            wait = fault.start - due
            if wait > 0 and turns.state[number] & OUTCOME == OK:
                phase = phases.of(due, due)
                limit = limits.get(phase, run.slo_or("recovery_p99_s", "fault_p99_s"))
                if wait > limit and not phase.startswith("fault:"):
                    late[phase].append((number, fault.start))
    return late


def sources(history: History, phase: str) -> list[str]:
    """The phases that may represent this one; the first with turns is gated."""
    if not phase.startswith("fault:"):
        return [phase]
    # A window may be shorter than the gap between two turns; then its recovery represents it.
    phases = [phase, f"recovery:{phase.removeprefix('fault:')}"]
    # Of simultaneous faults one has all the turns, so it represents the others.
    return phases + sorted(history.once(PhaseMap).shared[phase])


def gated_waits(history: History, phase: str) -> Iterator[tuple[int, float, float]]:
    """The turns behind the p99 gate of this phase: their numbers, and each wait's two ends."""
    turns, by_latency = history.turns, history.once(latency_by_phase)
    source = next((s for s in sources(history, phase) if by_latency.get(s)), phase)
    for number in history.once(turns_by_phase).get(source, ()):
        if turns.state[number] & OUTCOME == OK:
            yield number, turns.due[number], turns.done[number]
    for number, began in history.once(_late_before_a_fault).get(source, ()):
        yield number, turns.due[number], began


@dataclass(frozen=True, slots=True)
class Outages:
    """The longest outage of each conversation, and the turn that ended it."""

    seconds: array[float]
    until: array[float]
    """Run time of the end of each outage."""
    culprits: array[int]
    """Numbers of turns."""


def outages(history: History) -> Outages:
    """The longest outage of each conversation that took a turn.

    The time from when a customer meant to send until the next acknowledged turn (or until they
    gave up), seconds.  If no customer's turn was acknowledged after one gave up, the outage lasts
    until the last turn of the run: an early refusal must not make it look short.
    """
    turns = history.turns
    state, due, done, latency = turns.state, turns.due, turns.done, turns.latency
    worst = Outages(array("d"), array("d"), array("I"))
    last_answer = max(compress(done, turns.which(is_acknowledged)), default=-math.inf)
    last_moment = max(done, default=0.0)
    for _, numbers in history.turns.talks():
        longest, until, culprit = 0.0, done[numbers[0]], numbers[0]
        stuck_since: float | None = None
        for number in numbers:
            waited = latency[number] if stuck_since is None else done[number] - stuck_since
            if waited >= longest:
                longest, until, culprit = waited, done[number], number
            if state[number] & OUTCOME == OK:
                stuck_since = None
            elif stuck_since is None:
                stuck_since = due[number]
        if stuck_since is not None and done[numbers[-1]] > last_answer:
            longest, until, culprit = last_moment - stuck_since, last_moment, numbers[-1]
        worst.seconds.append(longest)
        worst.until.append(until)
        worst.culprits.append(culprit)
    return worst
