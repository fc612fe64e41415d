"""Recovery: how long each fault was felt, and whether it was over soon after the healing.

A turn is disturbed when it was retried, was not acknowledged, or took longer than the steady
state's limit.  A fault is felt by the disturbed turns that it met, and after its healing by those
that are more than the usual share of the turns explains (see `reports.checks.relapse`).  Its
disturbance ends where the next fault begins.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from reports.checks.relapse import LONGEST_S, turns_felt
from reports.checks.sampled import SLOW_SHARE
from reports.columns import OK, OUTCOME, RETRIED, Turns
from reports.history import History
from reports.intervals import is_enough
from reports.percentiles import ascending
from reports.phases import STEADY, turns_by_phase
from reports.records import FaultWindow, Finding, Status


@dataclass(frozen=True, slots=True)
class Impact:
    """What one fault did to the customers.  Seconds; times are run time."""

    fault: FaultWindow
    first_ok_s: float | None
    """From the fault's start to the first acknowledgement of a turn sent after it."""
    recovery_s: float
    """From the fault's start to the end of the last disturbed turn; 0: nobody noticed."""
    after_heal_s: float
    """How much of that came after the target was back."""
    disturbed: Sequence[int]
    """Numbers of turns, by when they were due."""
    failed_turns: int
    worst_outage_s: float | None
    """The longest wait of a turn that the fault or its recovery touched."""


def impacts(history: History) -> list[Impact]:
    """What each fault did, in order."""
    turns = history.turns
    state, due, done = turns.state, turns.due, turns.done
    disturbed = _disturbed(turns, history.run.slo("steady_p99_s"))
    by_phase = history.once(turns_by_phase)
    starts = [fault.start for fault in history.faults]
    first = _first_ok(history)
    usual = _usual_shares(history, disturbed)
    longest = max(LONGEST_S, 4 * history.run.slo("recovery_s"))
    dues = ascending(due) if history.faults else array("d")
    found = []
    for number, fault in enumerate(history.faults):
        following = min((s for s in starts[number + 1 :] if s > fault.start), default=float("inf"))
        until = min(max(following, fault.end), fault.end + longest)
        felt = _felt(fault, turns, disturbed, until, dues, usual[number])
        last = max((done[n] for n in felt), default=fault.start)
        touched = [
            *by_phase.get(f"fault:{fault.id}", []),
            *by_phase.get(f"recovery:{fault.id}", []),
        ]
        found.append(
            Impact(
                fault=fault,
                first_ok_s=None if math.isinf(ok := first[fault.start]) else ok - fault.start,
                recovery_s=last - fault.start,
                after_heal_s=max(0.0, last - fault.end),
                disturbed=felt,
                failed_turns=sum(state[n] & OUTCOME != OK for n in felt),
                worst_outage_s=max((done[n] - due[n] for n in touched), default=None),
            )
        )
    return found


def _disturbed(turns: Turns, limit: float) -> array[int]:
    """All disturbed turns, by when they were due."""
    found = (
        number
        for number, (state, due, done) in enumerate(
            zip(turns.state, turns.due, turns.done, strict=True)
        )
        if state & (OUTCOME | RETRIED) or done - due > limit
    )
    return array("I", sorted(found, key=turns.due.__getitem__))


def _felt(
    fault: FaultWindow,
    turns: Turns,
    disturbed: array[int],
    until: float,
    dues: Sequence[float],
    usual: float,
) -> array[int]:
    """The disturbed turns that met the fault, and those after it that are more than usual.

    A turn due after the healing and still in flight at `until` is the next fault's.
    """
    due, done = turns.due, turns.done
    healed = bisect_right(disturbed, fault.end, key=due.__getitem__)
    felt = array("I", (n for n in islice(disturbed, healed) if done[n] >= fault.start))
    later = bisect_right(disturbed, until, key=due.__getitem__)
    after = [n for n in islice(disturbed, healed, later) if done[n] < until]
    times = [(due[n], done[n]) for n in after]
    felt.extend(after[: turns_felt(times, dues, fault.end, usual)])
    return felt


def _usual_shares(history: History, disturbed: array[int]) -> list[float]:
    """For each fault the share of turns that are disturbed without it.

    Counted in the steady state before the fault; the share that the objective allows, where fewer
    are, or where too few turns tell.
    """
    starts = sorted(fault.start for fault in history.faults)
    due, steady = history.turns.due, history.once(turns_by_phase).get(STEADY, array("I"))
    all_before, bad_before = [0] * (len(starts) + 1), [0] * (len(starts) + 1)
    if starts:
        for n in steady:
            all_before[bisect_right(starts, due[n])] += 1
        for n in set(disturbed).intersection(steady):
            bad_before[bisect_right(starts, due[n])] += 1
    shares = []
    for number in range(len(starts)):
        turns, bad = sum(all_before[: number + 1]), sum(bad_before[: number + 1])
        shares.append(max(SLOW_SHARE, bad / turns) if is_enough(turns, SLOW_SHARE) else SLOW_SHARE)
    return shares


def _first_ok(history: History) -> dict[float, float]:
    """For each start of a fault: when the first turn sent after it was acknowledged."""
    starts = sorted({fault.start for fault in history.faults})
    first = [math.inf] * (len(starts) + 1)
    turns = history.turns
    for state, sent, done in zip(turns.state, turns.sent, turns.done, strict=True):
        if starts and state & OUTCOME == OK:
            # Sent after so many starts; the first of these is the last of them, until below.
            number = bisect_right(starts, sent)
            first[number] = min(first[number], done)
    for number in range(len(starts) - 1, 0, -1):
        first[number] = min(first[number], first[number + 1])
    return {start: first[number] for number, start in enumerate(starts, 1)}


def check_recovery(history: History) -> list[Finding]:
    """Gate every fault on the time from its healing until nobody was disturbed any more."""
    limit = history.run.slo("recovery_s")
    return [_gate(impact, limit, history.turns) for impact in history.once(impacts)]


def _gate(impact: Impact, limit: float, turns: Turns) -> Finding:
    fault = impact.fault
    value = impact.after_heal_s
    if fault.recovered_at is None:
        status, summary = Status.FAIL, f"{fault.id}: {fault.target} never came back"
    else:
        status = Status.PASS if value <= limit else Status.FAIL
        summary = (
            f"{fault.id}: {len(impact.disturbed)} turns disturbed over {impact.recovery_s:.1f} s, "
            f"the last {value:.1f} s after {fault.target} was back, limit {limit:g} s"
        )
    late = (turns[n] for n in impact.disturbed if turns.done[n] > fault.end + limit)
    return Finding(
        check="recovery.time",
        phase=f"fault:{fault.id}",
        status=status,
        value=value if fault.recovered_at is not None else None,
        limit=limit,
        unit="s",
        summary=summary,
        evidence=tuple(
            f"turn {turn.turn_id}: due {turn.due:.2f} s, {turn.outcome} at {turn.done:.2f} s "
            f"after {turn.attempts} attempts: {turn.error or 'slow'}"
            for turn in islice(late, 20)
        ),
    )
