"""Minimum evidence: did the run use enough of the fleet, also after the faults?

A run with hardly any turns would pass every other gate.  Each floor is a required minimum.
"""

from __future__ import annotations

from dataclasses import replace

from reports.measures.replica_faults import replica_faults
from reports.measures.replicas import answerers, moves, replicas_seen
from reports.measures.silence import chosen_anew, silent_replicas
from reports.records import Finding, Status
from reports.records.history import History

TURNS_PER_REPLICA = 10
"""With this many turns per replica, even a random balancer is unlikely to leave one out."""
MOVED_SHARE = 0.1
"""Share of later turns; without affinity 1 - 1/replicas of them move, with two replicas half."""
_MANY_NAMES, _NAMES_PER_TURN = 20, 0.5
"""With more names than both, a header names the answers and not the replicas."""
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
    if len(seen) < floor:
        # A conversation that stays on its replica shows no other one.
        fresh = len(history.turns) * history.once(chosen_anew)
        floor = max(1, min(floor, int(fresh) // TURNS_PER_REPLICA))
    found = silent_replicas(history, planned)
    silent = tuple(map(str, found))
    answered, fewer = len(seen), sum(len(each.names) for each in found)
    summary = f"{answered} of {planned} replicas answered in {len(history.turns)} turns, "
    summary += f"at least {max(floor, min(planned, answered + fewer))} must"
    if silent:
        summary += f"; {silent[0]}"
    passed = answered >= floor and not silent
    finding = _finding("validity.replicas", passed, answered, "replicas", summary)
    return [replace(finding, evidence=silent)]


def _spread(history: History) -> list[Finding]:
    """With several replicas, conversations must have moved, or continuity was not tested.

    The number of a foreign target's replicas may be unknown; there the ones that answered count.
    """
    who = history.once(answerers)
    planned = history.run.topology.replicas
    if who.known_by is None:
        return _nobody_can_tell(history)
    if (who.count if planned is None else planned) < 2:
        return []
    if who.count > _MANY_NAMES and who.count > _NAMES_PER_TURN * len(history.turns):
        summary = (
            f"{len(history.turns)} turns were answered under {who.count} names, so the header "
            "names no replica"
        )
        return [_unknown("validity.spread", summary)]
    count, later = history.once(moves)
    floor = max(1, int(MOVED_SHARE * later))
    summary = (
        f"{count} of {later} later turns were answered by another replica than the turn before "
        f"them, at least {floor} must"
        if count
        else "No conversation ever moved to another replica"
    )
    return [_finding("validity.spread", count >= floor, count, "turns", summary)]


def _nobody_can_tell(history: History) -> list[Finding]:
    """Without a name of any replica, faults of replicas need the word that there is only one."""
    faults = history.once(replica_faults)
    planned = history.run.topology.replicas
    if not faults or (planned is not None and planned < 2):
        return []
    ways = "--replica-header NAME names the header that tells it"
    if history.run.foreign:
        ways += ", --target-replicas 1 says that there is one replica"
    summary = (
        f"{faults[0].id} is a fault of replicas, but no answer names the replica that gave it, so "
        f"nobody can tell whether conversations moved; {ways}"
    )
    return [_unknown("validity.spread", summary)]


def _unknown(gate: str, summary: str) -> Finding:
    return Finding(gate, "run", Status.UNKNOWN, None, None, "turns", summary)


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
