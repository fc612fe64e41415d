"""Sessions must live as long as declared: turns must find sessions after nearly a TTL of idle time.

A shorter TTL loses sessions, which is `continuity.lost`, but only if a customer comes back that
late.  Without such customers the TTL could be half of the declared one.  (A longer one leaves keys,
and sessions that are read after their TTL.)
"""

from __future__ import annotations

from itertools import pairwise
from math import inf

from reports.records import Finding, Status
from reports.records.columns import OK, OUTCOME
from reports.records.history import History
from reports.records.run_description import RunDescription

_LATE, _NEARLY = 0.65, 0.8
"""Idle times, as shares of the TTL, that count as late and as nearly too late."""
_ROOM_TTLS = 2.4
"""A shorter load, in TTLs, has no room for customers who keep a session and return so late
(`sliding_ttl_customers`)."""
_FEWEST_LATE, _FEWEST_NEARLY = 3, 1
"""Fewest turns that must find their session late, and nearly too late."""


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
    """Minimum idle times of sessions found by later turns, in shares of the TTL.

    Only of sessions that had been idle for long.
    """
    turns, ttl = history.turns, history.run.ttl_seconds
    found: list[float] = []
    if ttl <= 0 or not history.run.ttl_known:
        return found
    state, sent, done = turns.state, turns.sent, turns.done
    owner, late = turns.conversation, _LATE * ttl
    for before, number in pairwise(turns.by_conversation):
        if sent[number] - done[before] < late or owner[number] != owner[before]:
            continue
        if (state[before] | state[number]) & OUTCOME == OK and turns[number].reopened is None:
            found.append((sent[number] - done[before]) / ttl)
    return found


def _unplanned(history: History) -> str | None:
    """Why the run plans no customers who return that late; None: it plans some."""
    talk = history.run.profile.get("conversation")
    if isinstance(talk, dict) and not talk.get("sliding_ttl_customers"):
        return "the profile plans no such customers"
    start, last = history.load_start, history.mark("arrivals-end")
    if start is None or last is None:
        return None
    # A load that goes on because a fault lasts has no more such customers than were planned.
    load_s = min(last.t - start, _planned_load_s(history.run))
    if load_s >= _ROOM_TTLS * history.run.ttl_seconds:
        return None
    return "the load is too short for such customers"


def _planned_load_s(run: RunDescription) -> float:
    """The duration of the arrivals by the profile, real seconds; infinite where it is not told."""
    minutes = [phase.get("minutes") for phase in run.profile.get("phase") or ()]
    told = [float(each) for each in minutes if isinstance(each, int | float)]
    if not told or len(told) < len(minutes) or not run.compression:
        return inf
    return sum(told) * 60 / run.compression
