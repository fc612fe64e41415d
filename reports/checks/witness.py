"""The model's witness: was it shown every acknowledged turn?

A reply says how many customer messages the model was shown, and the rolling digest of them.  The
digest cannot be read backwards, so the checker rolls forward every history that would be right:
acknowledged turns are in it, in order; a turn of unknown fate is in it at most once, at its place
or later; and where the TTL leaves it open, the history may have begun anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from itertools import permutations

from reports.records import Outcome, TurnRecord, digest

_MOST_HISTORIES = 256
"""Beyond this many possible histories a witness is not judged: it could hardly be wrong."""
_MOST_OPEN = 4
"""Likewise with more turns of unknown fate than this."""


class Testimony(Enum):
    """What one reply's witness is worth."""

    TRUE = "shown what was acknowledged"
    LESS = "shown less than was acknowledged"
    OTHER = "shown something else than was acknowledged"
    STALE = "shown what the TTL must have taken"
    NONE = "no witness, or too many possible histories"


_History = tuple[int, str, tuple[str, ...]]
"""(messages so far, their chain, digests of messages that may still arrive)"""

_EMPTY: _History = (0, "", ())


class Witness:
    """Follows what the model must be shown, turn by turn."""

    def __init__(self, once: bool = True) -> None:
        """`once`: a turn sent again happens once; else once for each attempt, at most."""
        self._once = once
        self._histories: set[_History] = {_EMPTY}
        self._stale: set[_History] = set()
        self._lost_count = False

    def may_begin_anew(self) -> None:
        """The TTL may have taken the session before the next turn."""
        self._histories.add(_EMPTY)

    def must_begin_anew(self) -> None:
        """The TTL must have taken the session before the next turn."""
        self._stale |= self._histories
        self._histories = {_EMPTY}

    def turn(self, turn: TurnRecord, durable: bool) -> Testimony:
        """Judge the next turn's reply, and learn from it.  `durable`: it can not be lost again."""
        if turn.outcome is Outcome.FAIL:
            return Testimony.NONE
        if turn.outcome is Outcome.INFO:
            self._histories = {
                (count, chain, (*still_open, *(turn.message,) * self._copies(turn)))
                for count, chain, still_open in self._histories
            }
            self._lost_count |= any(len(h[2]) > _MOST_OPEN for h in self._histories)
            return Testimony.NONE
        if not self._once and turn.unsure:
            self._histories = {
                (count, chain, (*still_open, *(turn.message,) * turn.unsure))
                for count, chain, still_open in self._histories
            }
            self._lost_count |= any(len(h[2]) > _MOST_OPEN for h in self._histories)
        before = self._histories
        self._histories = set(self._after(before, turn.message))
        testimony = self._judge(turn)
        if not durable:
            self._histories |= before
        self._lost_count |= len(self._histories) > _MOST_HISTORIES
        return testimony

    def _copies(self, turn: TurnRecord) -> int:
        return 1 if self._once else max(1, turn.unsure)

    def _judge(self, turn: TurnRecord) -> Testimony:
        if turn.seen is None or self._lost_count:
            return Testimony.NONE
        shown = (turn.seen.turns, turn.seen.chain)
        agreeing = {h for h in self._histories if h[:2] == shown}
        if agreeing:
            self._histories = agreeing
            return Testimony.TRUE
        if any(h[:2] == shown for h in self._after(self._stale, turn.message)):
            return Testimony.STALE
        fewest = min(h[0] for h in self._histories)
        return Testimony.LESS if turn.seen.turns < fewest else Testimony.OTHER

    def _after(self, histories: set[_History], message: str) -> Iterator[_History]:
        """Every history after `message`, with any open messages let in just before it."""
        if self._lost_count:
            return
        for count, chain, still_open in histories:
            for size in range(len(still_open) + 1):
                for late in permutations(range(len(still_open)), size):
                    rolled = chain
                    for place in late:
                        rolled = digest(rolled + still_open[place])
                    left = tuple(d for place, d in enumerate(still_open) if place not in late)
                    yield count + size + 1, digest(rolled + message), left
