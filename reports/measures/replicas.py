"""The replicas that answered, and the number of turns that moved between them.

An answer names its replica in a header.  Where no answer of a run does, the calls of the model name
it: a stand-in sees the API key of each replica, `diya-` and the replica's name.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reports.measures.continuity.joined_calls import join
from reports.records.columns import OK, OUTCOME
from reports.records.history import History


@dataclass(frozen=True, slots=True)
class Answerers:
    """Which replica answered each turn."""

    replica: Sequence[int]
    """Of each turn an index into `names`; 0: not known."""
    names: Sequence[str | None]
    known_by: Literal["header", "model calls"] | None
    """None: no turn has a known replica."""

    @property
    def count(self) -> int:
        """The number of replicas that answered."""
        return len({*self.names} - {None})


def answerers(history: History) -> Answerers:
    """Which replica answered each turn, by the answers' header, else by the calls of the model."""
    turns = history.turns
    if history.once(replicas_seen):
        return Answerers(turns.replica, turns.replicas, "header")
    if not set(history.calls.callers) - {""}:
        return Answerers(turns.replica, turns.replicas, None)
    return _by_calls(history)


def _by_calls(history: History) -> Answerers:
    joined, calls = history.once(join), history.calls
    names: list[str | None] = [None]
    known: dict[str, int] = {"": 0}
    replica = array("I", [0]) * len(history.turns)
    row = 0
    for _, numbers in history.turns.talks():
        for number in numbers:
            if own := joined.own(row):
                # The last attempt is the one that was answered.
                name = calls.callers[calls.caller[max(own, key=calls.t.__getitem__)]]
                if name not in known:
                    known[name] = len(names)
                    names.append(name)
                replica[number] = known[name]
            row += 1
    return Answerers(replica, names, "model calls" if len(names) > 1 else None)


def moved(history: History) -> int:
    """The number of acknowledged turns answered by another replica than the previous turn."""
    return history.once(moves)[0]


def moves(history: History) -> tuple[int, int]:
    """The number of acknowledged turns that moved, and of those that could have."""
    turns, replica = history.turns, history.once(answerers).replica
    count = later = 0
    columns = (turns.conversation, turns.state, replica)
    talk, before = -1, 0
    for owner, state, now in zip(*map(turns.in_talks, columns), strict=True):
        if not now or state & OUTCOME != OK:
            continue
        if owner == talk:
            later += 1
            count += before != now
        talk, before = owner, now
    return count, later


def replicas_seen(history: History) -> set[str]:
    """The replicas that the answers name."""
    return {replica for replica in history.turns.replicas if replica is not None}
