"""Minimum evidence: did the run use enough of the fleet, also after the faults?

A run with hardly any turns would pass every other gate.  Each floor is a required minimum.
"""

from __future__ import annotations

from reports.measures.replicas import moves, replicas_seen
from reports.records import Finding, Status
from reports.records.history import History

TURNS_PER_REPLICA = 10
"""With so many turns per replica, even a random balancer is unlikely to leave one out."""
MOVED_SHARE = 0.1
"""Share of later turns; without affinity 1 - 1/replicas of them move, with two replicas half."""
TURNS_AFTER = 5
"""Turns sent after the last fault was healed; this few already show that the service answers."""


def check_floors(history: History) -> list[Finding]:
    """Gate the number of replicas that answered, the moved turns, and the load after the faults."""
    return [*_replicas(history), *_spread(history), *_aftermath(history)]


def _replicas(history: History) -> list[Finding]:
    """With several replicas, each must have answered if there were enough turns."""
    planned, seen = history.run.topology.replicas, history.once(replicas_seen)
    if planned is None or planned < 2 or not seen:
        return []
    floor = max(1, min(planned, len(history.turns) // TURNS_PER_REPLICA))
    summary = f"{len(seen)} of {planned} replicas answered in {len(history.turns)} turns, "
    summary += f"at least {floor} must"
    return [_finding("validity.replicas", len(seen) >= floor, len(seen), "replicas", summary)]


def _spread(history: History) -> list[Finding]:
    """With several replicas, conversations must have moved, or continuity was not tested.

    The number of a foreign target's replicas is unknown; there the ones that answered count.
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
    """There must be turns after the last fault, or nothing shows that it is over."""
    if not history.faults:
        return []
    last = max(history.faults, key=lambda fault: fault.end)
    after = sum(sent > last.end for sent in history.turns.sent)
    floor = min(TURNS_AFTER, len(history.turns))
    summary = f"{after} turns were sent after {last.id}, the last fault, was over at "
    summary += f"{last.end:.1f} s, at least {floor} must"
    return [_finding("validity.aftermath", after >= floor, after, "turns", summary)]


def _finding(gate: str, passed: bool, value: float, unit: str, summary: str) -> Finding:
    # A limit is a maximum; the summary states the floor.
    status = Status.PASS if passed else Status.FAIL
    return Finding(gate, "run", status, value, None, unit, summary)
