"""The model's witness: was the model shown every acknowledged turn?

A reply carries the number of customer messages that the model was shown, and their rolling digest.
The digest cannot be inverted, so the checker computes it for every correct history: acknowledged
turns in order, a turn of unknown fate at most once at its place or later, and, if the TTL leaves it
open, a history that has restarted.

A correct witness leaves only the histories that agree with it.  Turns in all of these were shown,
and if all of them begin at the same turn, the session began there.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from itertools import permutations
from typing import NamedTuple

from reports.records import Outcome, TurnRecord, digest

_MOST_HISTORIES = 256
"""With more possible histories a witness is not judged, because nearly every one would match."""
_MOST_OPEN = 4
"""The same for the number of turns of unknown fate."""


class Testimony(Enum):
    """The judgement of one reply's witness."""

    TRUE = "shown what was acknowledged"
    LESS = "shown less than was acknowledged"
    OTHER = "shown something else than was acknowledged"
    STALE = "shown what the TTL must have taken"
    NONE = "no witness, or too many possible histories"
    BY_DESIGN = "shown what this agent shows by design"
    DOUBTED = "shown less, by an agent that may do so by design"
    SHARED = "shown less, in a call that may be another customer's"


class _History(NamedTuple):
    """A correct history."""

    messages: int
    """Number of messages so far."""
    chain: str
    """The rolling digest of them."""
    open: tuple[tuple[int, str], ...]
    """Turns, with the digests of their messages, that may still arrive."""
    begins: int
    """The turn at which the session began."""
    held: frozenset[int]
    """The turns in it."""


class Witness:
    """Follows the contents that the model must be shown, turn by turn."""

    def __init__(self, once: bool = True) -> None:
        """`once`: a repeated turn happens once; else at most once per attempt."""
        self._once = once
        self._histories: set[_History] = {_empty(0)}
        self._stale: set[_History] = set()
        self._lost_count = False
        self.beginnings: set[int] | None = None
        """The possible beginnings of the session, by the last witness; None: unknown."""
        self.shown: frozenset[int] = frozenset()
        """The turns that the model was certainly shown, by the last witness."""
        self.shared: tuple[int, ...] = ()
        """Always empty: a reply's witness is of one turn."""

    def may_begin_anew(self, turn: int) -> None:
        """The session may have expired before this turn."""
        self._histories.add(_empty(turn))

    def must_begin_anew(self, turn: int) -> None:
        """The session must have expired before this turn."""
        self._stale |= self._histories
        self._histories = {_empty(turn)}

    def turn(self, turn: TurnRecord, durable: bool) -> Testimony:
        """Judge the next turn's reply, and learn from it.  `durable`: it cannot be lost later."""
        self.beginnings, self.shown = None, frozenset()
        if turn.outcome is Outcome.FAIL:
            return Testimony.NONE
        if turn.outcome is Outcome.INFO:
            self._may_arrive(turn, 1 if self._once else max(1, turn.unsure))
            return Testimony.NONE
        if not self._once and turn.unsure:
            self._may_arrive(turn, turn.unsure)
        before = self._histories
        self._histories = set(self._after(before, turn.turn, turn.message))
        testimony = self._judge(turn)
        if not durable:
            # It may have been lost; an attempt of unknown outcome may still restore it.
            late = ((turn.turn, turn.message),) if turn.unsure and self._once else ()
            self._histories |= {each._replace(open=(*each.open, *late)) for each in before}
        self._lost_count |= len(self._histories) > _MOST_HISTORIES
        return testimony

    def saw(self, turn: TurnRecord) -> str:
        """The messages that the reply of this turn shows, in words."""
        return "no witness" if turn.seen is None else f"{turn.seen.turns} messages"

    def _may_arrive(self, turn: TurnRecord, copies: int) -> None:
        late = ((turn.turn, turn.message),) * copies
        self._histories = {each._replace(open=(*each.open, *late)) for each in self._histories}
        self._lost_count |= any(len(each.open) > _MOST_OPEN for each in self._histories)

    def _judge(self, turn: TurnRecord) -> Testimony:
        if turn.seen is None or self._lost_count:
            return Testimony.NONE
        shown = (turn.seen.turns, turn.seen.chain)
        agreeing = {each for each in self._histories if each[:2] == shown}
        if agreeing:
            self._histories = agreeing
            self.beginnings = {each.begins for each in agreeing}
            self.shown = frozenset.intersection(*(each.held for each in agreeing))
            return Testimony.TRUE
        stale = set(self._after(self._stale, turn.turn, turn.message))
        if outlived := {each for each in stale if each[:2] == shown}:
            # The session goes on with all of it, so the next turns must be shown all of it too.
            self._histories = outlived
            return Testimony.STALE
        fewest = min(each.messages for each in self._histories)
        return Testimony.LESS if turn.seen.turns < fewest else Testimony.OTHER

    def _after(self, histories: set[_History], turn: int, message: str) -> Iterator[_History]:
        """Every history after `message`, with any open messages let in just before it."""
        if self._lost_count:
            return
        for before in histories:
            for size in range(len(before.open) + 1):
                for late in permutations(range(len(before.open)), size):
                    rolled = before.chain
                    for place in late:
                        rolled = digest(rolled + before.open[place][1])
                    left = tuple(d for place, d in enumerate(before.open) if place not in late)
                    yield _History(
                        before.messages + size + 1,
                        digest(rolled + message),
                        left,
                        before.begins,
                        before.held | {turn, *(before.open[place][0] for place in late)},
                    )


def _empty(turn: int) -> _History:
    return _History(0, "", (), turn, frozenset())
