"""Floors of evidence: was enough of the fleet used, and after the faults too?

A run in which hardly anything happened passes every other gate.  Each floor says how much it takes.
"""

from __future__ import annotations

from reports.measures.replicas import moves, replicas_seen
from reports.records import Finding, Status
from reports.records.history import History

TURNS_PER_REPLICA = 10
"""Of so many turns for each replica, spread evenly or at random, none is likely to get none."""
MOVED_SHARE = 0.1
"""Of later turns; without affinity 1 - 1/replicas of them move, half of them between two."""
TURNS_AFTER = 5
"""Sent after the last fault was healed: so few already show whether the service answers again."""


def check_floors(history: History) -> list[Finding]:
    """Gate how many replicas answered, how many turns moved, and the load after the faults."""
    return [*_replicas(history), *_spread(history), *_aftermath(history)]


def _replicas(history: History) -> list[Finding]:
    """With several replicas, each must have answered where the turns suffice for all."""
    planned, seen = history.run.topology.replicas, history.once(replicas_seen)
    if planned is None or planned < 2 or not seen:
        return []
    floor = max(1, min(planned, len(history.turns) // TURNS_PER_REPLICA))
    summary = f"{len(seen)} of {planned} replicas answered in {len(history.turns)} turns, "
    summary += f"at least {floor} must"
    return [_finding("validity.replicas", len(seen) >= floor, len(seen), "replicas", summary)]


def _spread(history: History) -> list[Finding]:
    """With several replicas, conversations must have moved: else the question was not asked.

    Nobody says how many replicas a foreign target has; there the ones that answered count.
    """
    seen = len(history.once(replicas_seen))
    planned = history.run.topology.replicas
    if not seen or (seen if planned is None else planned) < 2:
        return []
    count, later = history.once(moves)
    floor = max(1, int(MOVED_SHARE * later))
    summary = (
        f"{count} of {later} later turns were answered by another replica than the turn before "
        f"them, at least {floor} must"
        if count
        else "No conversation ever moved to another replica"
    )
    return [_finding("validity.spread", count >= floor, count, "turns", summary)]


def _aftermath(history: History) -> list[Finding]:
    """After the last fault customers must have come: else nothing shows that it is over."""
    if not history.faults:
        return []
    last = max(history.faults, key=lambda fault: fault.end)
    after = sum(sent > last.end for sent in history.turns.sent)
    floor = min(TURNS_AFTER, len(history.turns))
    summary = f"{after} turns were sent after {last.id}, the last fault, was over at "
    summary += f"{last.end:.1f} s, at least {floor} must"
    return [_finding("validity.aftermath", after >= floor, after, "turns", summary)]


def _finding(gate: str, passed: bool, value: float, unit: str, summary: str) -> Finding:
    # A limit is the most that is allowed; a floor stands in the summary.
    status = Status.PASS if passed else Status.FAIL
    return Finding(gate, "run", status, value, None, unit, summary)
