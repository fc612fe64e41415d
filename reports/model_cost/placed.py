"""The calls of the load, each with its turn and its kind.

A call belongs to the turn whose message it was shown last: of several turns with the same message
the one whose conversation it was shown, and that was under way.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple

from reports.records import ModelCall, Outcome, TurnRecord
from reports.records.history import History

_EARLY_S = 0.1
"""A call may seem to come so much before its turn: two processes read the clock."""
_LATE_S = 60.0
_SPOILED = ("model-unfinished-streams", "model-garbage")
"""Faults of answers that arrive whole and cannot be used."""
_TOO_MANY = 429
_ERRORS = 400


class Kind(StrEnum):
    """The kinds of calls, apart because they cost differently."""

    ANSWERED = "answered"
    """Answered, for the first time."""
    REPEATED = "repeated"
    """Answered once more: the turn, or the call, was tried again although it had been answered."""
    CUT = "cut"
    """Cut off, by either side; providers bill what they have written by then."""
    FAILED = "failed"
    """Answered with an error; providers do not bill it."""
    REFUSED = "refused"
    """Refused with 429, by a quota or a fault; providers do not bill it, but it counts there."""
    REHEARSAL = "rehearsal"
    """Before the load."""


BILLED = (Kind.ANSWERED, Kind.REPEATED, Kind.CUT, Kind.REHEARSAL)


@dataclass(frozen=True, slots=True)
class Place:
    """The turn of a call."""

    conversation: int
    turn: int
    """From 0."""
    earlier: int
    """The turns before it in its session: fewer than `turn` where another session was opened."""
    attempts: int
    ok: bool
    """Whether the turn was acknowledged."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A call with its kind, and its turn."""

    call: ModelCall
    kind: Kind
    place: Place | None
    """None: it shows no message of a turn that was under way, or it was before the load."""


def placed(history: History, calls: Iterable[ModelCall]) -> list[Placed]:
    """All calls in the order of their time."""
    ordered = sorted(calls, key=lambda call: call.t)
    if not ordered:
        return []  # most runs; their turns need not be read again
    start = history.load_start
    known = _Turns(history.turns)
    billed: defaultdict[tuple[int, int], dict[tuple[str, str], bool]] = defaultdict(dict)
    found = []
    for call in ordered:
        if start is None or call.t < start:
            found.append(Placed(call, Kind.REHEARSAL, None))
            continue
        place, kind = known.of(call), _kind(call)
        if place is not None and kind in (Kind.ANSWERED, Kind.CUT):
            # The same step of the same turn, asked again after an answer that was paid for.
            before, step = billed[place.conversation, place.turn], (call.agent, call.steps)
            again = before.get(step)
            if again is not None and kind is Kind.ANSWERED and (again or place.attempts > 1):
                kind = Kind.REPEATED
            before[step] = kind is Kind.CUT or call.fault in _SPOILED
        found.append(Placed(call, kind, place))
    return found


def _kind(call: ModelCall) -> Kind:
    if call.refused is not None or call.status == _TOO_MANY:
        return Kind.REFUSED
    if call.status >= _ERRORS:
        return Kind.FAILED
    if call.done is None:
        return Kind.CUT
    return Kind.FAILED if call.answer == "error" else Kind.ANSWERED


class _Sent(NamedTuple):
    """A turn, when it was sent, and when it ended."""

    sent: float
    done: float
    place: Place


class _Turns:
    """The turns by their messages."""

    def __init__(self, turns: Iterable[TurnRecord]) -> None:
        self._by_message: defaultdict[str, list[_Sent]] = defaultdict(list)
        self._messages: defaultdict[int, dict[int, str]] = defaultdict(dict)
        self._longest = 0.0
        opened: dict[int, int] = {}
        for turn in turns:
            if turn.reopened is not None:
                opened[turn.conversation] = turn.turn
            earlier = turn.turn - opened.get(turn.conversation, 0)
            ok = turn.outcome is Outcome.OK
            place = Place(turn.conversation, turn.turn, earlier, turn.attempts, ok)
            self._by_message[turn.message].append(_Sent(turn.sent, turn.done, place))
            self._messages[turn.conversation][turn.turn] = turn.message
            self._longest = max(self._longest, turn.done - turn.sent)
        for sent in self._by_message.values():
            sent.sort(key=attrgetter("sent"))

    def of(self, call: ModelCall) -> Place | None:
        """The turn of a call; None: none that was under way has its last message.

        A service may call for some time after the customer has given up.
        """
        if not call.messages:
            return None
        turns = self._by_message.get(call.messages[-1], [])
        last = bisect_right(turns, call.t + _EARLY_S, key=attrgetter("sent"))
        first = bisect_left(turns, call.t - self._longest - _LATE_S, key=attrgetter("sent"))
        likely = max(turns[first:last], key=lambda each: self._likely(call, each), default=None)
        return None if likely is None else likely.place

    def _likely(self, call: ModelCall, each: _Sent) -> tuple[bool, int, float]:
        """Under way first, then the conversation that it shows, then the latest."""
        return call.t <= each.done, self._shown(call.messages, each.place), each.sent

    def _shown(self, messages: Sequence[str], place: Place) -> int:
        """How many of the messages, counted from the last, are those of the conversation."""
        own = self._messages[place.conversation]
        for back, message in enumerate(reversed(messages)):
            if own.get(place.turn - back) != message:
                return back
        return len(messages)
