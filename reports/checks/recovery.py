"""Recovery: how long each fault was felt, and whether it was over soon after the healing.

A turn is disturbed when it was retried, was not acknowledged, or took longer than the steady
state's limit.  A fault's disturbance lasts from its start until no disturbed turn was in flight for
`RECOVERY_S` seconds, and ends where the next fault begins.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from reports.history import History
from reports.phases import RECOVERY_S, turns_by_phase
from reports.records import FaultWindow, Finding, Outcome, Status, TurnRecord


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
    disturbed: list[TurnRecord]
    failed_turns: int
    worst_outage_s: float | None
    """The longest wait of a turn that the fault or its recovery touched."""


def impacts(history: History) -> list[Impact]:
    """What each fault did, in order."""
    limit = history.run.slo("steady_p99_s")
    disturbed = sorted((t for t in history.turns if _disturbed(t, limit)), key=lambda t: t.due)
    by_phase = history.once(turns_by_phase)
    starts = [fault.start for fault in history.faults]
    first = _first_ok(history)
    found = []
    for number, fault in enumerate(history.faults):
        following = min((s for s in starts[number + 1 :] if s > fault.start), default=float("inf"))
        felt = _felt(fault, disturbed, max(following, fault.end))
        last = max((turn.done for turn in felt), default=fault.start)
        touched = [
            *by_phase.get(f"fault:{fault.id}", []),
            *by_phase.get(f"recovery:{fault.id}", []),
        ]
        found.append(
            Impact(
                fault=fault,
                first_ok_s=None if math.isinf(done := first[fault.start]) else done - fault.start,
                recovery_s=last - fault.start,
                after_heal_s=max(0.0, last - fault.end),
                disturbed=felt,
                failed_turns=sum(turn.outcome is not Outcome.OK for turn in felt),
                worst_outage_s=max((turn.latency for turn in touched), default=None),
            )
        )
    return found


def _disturbed(turn: TurnRecord, limit: float) -> bool:
    return turn.attempts > 1 or turn.outcome is not Outcome.OK or turn.latency > limit


def _felt(fault: FaultWindow, disturbed: list[TurnRecord], until: float) -> list[TurnRecord]:
    """The disturbed turns that follow the fault without a calm stretch between them.

    A turn due after the healing and still in flight at `until` is the next fault's.
    """
    felt: list[TurnRecord] = []
    calm_at = fault.end + RECOVERY_S
    for turn in disturbed:
        if turn.due > min(calm_at, until):
            break
        if turn.done >= fault.start and (turn.due <= fault.end or turn.done < until):
            felt.append(turn)
            calm_at = max(calm_at, turn.done + RECOVERY_S)
    return felt


def _first_ok(history: History) -> dict[float, float]:
    """For each start of a fault: when the first turn sent after it was acknowledged."""
    starts = sorted({fault.start for fault in history.faults})
    first = [math.inf] * (len(starts) + 1)
    for turn in history.turns if starts else ():
        if turn.outcome is Outcome.OK:
            # Sent after so many starts; the first of these is the last of them, until below.
            number = bisect_right(starts, turn.sent)
            first[number] = min(first[number], turn.done)
    for number in range(len(starts) - 1, 0, -1):
        first[number] = min(first[number], first[number + 1])
    return {start: first[number] for number, start in enumerate(starts, 1)}


def check_recovery(history: History) -> list[Finding]:
    """Gate every fault on the time from its healing until nobody was disturbed any more."""
    limit = history.run.slo("recovery_s")
    return [_gate(impact, limit) for impact in history.once(impacts)]


def _gate(impact: Impact, limit: float) -> Finding:
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
    late = [turn for turn in impact.disturbed if turn.done > fault.end + limit]
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
            for turn in late[:20]
        ),
    )
