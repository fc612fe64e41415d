"""The moments at which the sessions of a run came and went, from the records of its turns."""

from __future__ import annotations

from collections import defaultdict
from math import isnan

from reports.records.columns import OK, OUTCOME
from reports.records.history import History


def session_moments(
    history: History,
) -> tuple[list[float], list[float], list[float], list[float]]:
    """When sessions came and went, and their turns with them, run time in seconds, each in order.

    A session goes when it is deleted, or one TTL after its last acknowledged turn.
    """
    done: defaultdict[int, list[float]] = defaultdict(list)
    turns = history.turns
    for index, state, at in zip(turns.conversation, turns.state, turns.done, strict=True):
        if state & OUTCOME == OK:
            done[index].append(at)
    came, went, turns_went = [], [], []
    for talk in history.conversations:
        if talk.opened is None or isnan(talk.opened):
            continue
        came.append(talk.opened)
        last = max(done[talk.conversation], default=talk.opened)
        end = talk.deleted if talk.deleted is not None else last + history.run.ttl_seconds
        went.append(end)
        turns_went += [end] * len(done[talk.conversation])
    turns_came = [at for ends in done.values() for at in ends]
    return sorted(came), sorted(went), sorted(turns_came), sorted(turns_went)
