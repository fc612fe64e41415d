"""Recovery: was each fault over soon after its healing?  See `reports.measures.recovery`."""

from __future__ import annotations

from itertools import islice

from reports.measures.recovery import Impact, impacts
from reports.records import Finding, Status
from reports.records.columns import Turns
from reports.records.history import History


def check_recovery(history: History) -> list[Finding]:
    """Gate, for every fault, the time from its healing to the last disturbed turn."""
    limit = history.run.slo("recovery_s")
    return [_gate(impact, limit, history.turns) for impact in history.once(impacts)]


def _gate(impact: Impact, limit: float, turns: Turns) -> Finding:
    fault = impact.fault
    value = impact.after_heal_s
    if fault.recovered_at is None and fault.declared is not None:
        status = Status.UNKNOWN
        summary = f"{fault.id}: {fault.error}, so nothing shows whether {fault.target} came back"
    elif fault.recovered_at is None:
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
