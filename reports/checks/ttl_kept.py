"""Whether sessions live as long as declared: was one found that had been idle for nearly a TTL?

A shorter TTL loses sessions, which is `continuity.lost`, but only where a customer comes back that
late.  Where nobody does, the TTL may be half of what is declared.  (A longer one leaves keys, and
sessions that are read after their TTL.)
"""

from __future__ import annotations

from itertools import pairwise

from reports.records import Finding, Status
from reports.records.columns import OK, OUTCOME
from reports.records.history import History

_LATE, _NEARLY = 0.65, 0.8
"""Shares of the TTL: idle for so long is late, and nearly too late."""
_ROOM_TTLS = 2.4
"""A load of fewer TTLs has no room for a customer who keeps a session and then comes back so late
(`sliding_ttl_customers`)."""
_FEWEST_LATE, _FEWEST_NEARLY = 3, 1
"""So many turns must find their session late, and so many of them nearly too late."""


def check_ttl_kept(history: History) -> list[Finding]:
    """Gate the evidence: unknown when too few customers came back late; it cannot fail."""
    name = "memory.ttl_kept"
    ages = sorted(history.once(ages_found), reverse=True)
    late = len(ages)
    nearly = sum(age >= _NEARLY for age in ages)
    longest = f", the longest for {ages[0]:.2f} TTL" if ages else ""
    summary = f"{late} turns found a session that had been idle for at least {_LATE:g} TTL"
    summary += f", {nearly} for at least {_NEARLY:g} TTL{longest}"
    if late >= _FEWEST_LATE and nearly >= _FEWEST_NEARLY:
        return [Finding(name, "run", Status.PASS, nearly, None, "turns", summary)]
    summary = f"Whether sessions live as long as declared is not known: {summary}, of at least "
    summary += f"{_FEWEST_LATE} and {_FEWEST_NEARLY} needed"
    unplanned = _unplanned(history)
    if unplanned:
        summary += f" ({unplanned}: not counted)"
    return [
        Finding(
            name,
            "run",
            Status.UNKNOWN,
            nearly,
            None,
            "turns",
            summary,
            out_of_sight=unplanned is not None,
        )
    ]


def ages_found(history: History) -> list[float]:
    """For how long a session had been idle, at least, when a later turn found it, shares of TTL.

    Only of those that had been idle for long.
    """
    turns, ttl = history.turns, history.run.ttl_seconds
    found: list[float] = []
    if ttl <= 0 or not history.run.ttl_known:
        return found
    state, sent, done = turns.state, turns.sent, turns.done
    for _, numbers in turns.talks():
        for before, number in pairwise(numbers):
            if sent[number] - done[before] < _LATE * ttl:
                continue
            if (state[before] | state[number]) & OUTCOME == OK and turns[number].reopened is None:
                found.append((sent[number] - done[before]) / ttl)
    return found


def _unplanned(history: History) -> str | None:
    """Why the run was not meant to have customers who come back that late; None: it was."""
    talk = history.run.profile.get("conversation")
    if isinstance(talk, dict) and not talk.get("sliding_ttl_customers"):
        return "the profile plans no such customers"
    start, last = history.load_start, history.mark("arrivals-end")
    if start is None or last is None or last.t - start >= _ROOM_TTLS * history.run.ttl_seconds:
        return None
    return "the load is too short for such customers"
