"""The moments at which the sessions of a run came and went, and their turns with them.

A session goes when it is deleted, or one TTL after its last acknowledged turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain, compress, repeat
from math import inf, isnan

from reports.records.columns import is_acknowledged
from reports.records.history import History


def session_moments(history: History) -> tuple[list[float], list[float]]:
    """When sessions came and went, run time in seconds, each in order."""
    lives = list(_lives(history))
    return sorted(opened for _, opened, _ in lives), sorted(end for _, _, end in lives)


def turn_moments(history: History) -> tuple[list[float], list[float]]:
    """When acknowledged turns came, and went with their sessions, as `session_moments`."""
    turns = history.turns
    taken = turns.which(is_acknowledged)
    sizes = Counter(compress(turns.conversation, taken))
    went = (repeat(end, sizes[index]) for index, _, end in _lives(history))
    return sorted(compress(turns.done, taken)), sorted(chain.from_iterable(went))


def _lives(history: History) -> Iterator[tuple[int, float, float]]:
    """The conversation of each opened session, and when the session came and went."""
    turns, talks, ttl = history.turns, history.conversations, history.run.ttl_seconds
    last: dict[int, float] = {}
    ends = zip(turns.conversation, turns.done, strict=True)
    for index, at in compress(ends, turns.which(is_acknowledged)):
        if at > last.get(index, -inf):
            last[index] = at
    for index, opened, deleted in zip(talks.conversation, talks.opened, talks.deleted, strict=True):
        if not isnan(opened):
            yield index, opened, last.get(index, opened) + ttl if isnan(deleted) else deleted
