"""The replicas that answered, and the number of turns that moved between them."""

from __future__ import annotations

from reports.records.columns import OK, OUTCOME
from reports.records.history import History


def moved(history: History) -> int:
    """The number of acknowledged turns answered by another replica than the previous turn."""
    return history.once(moves)[0]


def moves(history: History) -> tuple[int, int]:
    """The number of acknowledged turns that moved, and of those that could have."""
    state, replica = history.turns.state, history.turns.replica
    count = later = 0
    for _, numbers in history.turns.talks():
        before = 0
        for number in numbers:
            now = replica[number]
            if now and state[number] & OUTCOME == OK:
                later += before != 0
                count += before not in (0, now)
                before = now
    return count, later


def replicas_seen(history: History) -> set[str]:
    """The replicas that answered."""
    return {replica for replica in history.turns.replicas if replica is not None}
