"""Joins each call of the model with the turn whose message it shows last.

The log does not say which conversation a call belongs to.  A call belongs to a turn with the same
message, in flight when the call came, answered by the replica that called, and in a conversation
that sent the earlier messages too.  Texts that no customer sent are left out first: instructions,
and the words of other agents.

Two customers may say the same words at the same time.  A call that shows what one of them must see
is taken as theirs; one that shows less than each of them must see belongs to any of them.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from reports.measures.continuity.session_model import CLOCK_S
from reports.measures.continuity.turn_rows import NEVER_SHOWN, UNKNOWN, TurnRows, in_order
from reports.records.history import History
from reports.records.model_calls import ModelCalls

_ANYWHERE = -1
"""The place of calls by replicas that the turns do not name."""
_MOST = 200
"""With more turns in question, a call is joined with none."""
NOBODY, SEVERAL = -1, -2
"""The owner of a call that fits no turn, or several ones."""

K = TypeVar("K")


@dataclass(slots=True)
class Joined:
    """The turns of a run with their calls."""

    calls: ModelCalls
    rows: TurnRows
    owner: array[int]
    """The row of each call's turn, `NOBODY` or `SEVERAL`."""
    right: bytearray
    """1: the call shows every acknowledged message of its conversation, in order."""
    texts: list[Sequence[int]]
    """The customers' messages that each call shows, by their numbers."""
    of: dict[int, list[int]] = field(default_factory=dict)
    """Row -> its calls, in order of time; also calls that it has in common with other rows."""
    sharers: dict[int, int] = field(default_factory=dict)
    """Call of `SEVERAL` -> their number."""

    def calls_of(self, conversation: int, turn: int) -> list[int]:
        """The calls of a turn of the load."""
        row = self.rows.row(conversation, turn)
        return [] if row is None else self.of.get(row, [])

    def own(self, row: int) -> list[int]:
        """The calls that belong to this row alone."""
        return [call for call in self.of.get(row, ()) if self.owner[call] == row]

    def give(self, call: int, rows: Sequence[int]) -> None:
        """Give a call to these rows."""
        self.owner[call] = rows[0] if len(rows) == 1 else SEVERAL
        if len(rows) > 1:
            self.sharers[call] = len(rows)
        for row in rows:
            self.of.setdefault(row, []).append(call)


def join(history: History) -> Joined:
    """Join all calls of a run, in time that grows with their number."""
    calls, rows = history.calls, TurnRows(history)
    joined = Joined(
        calls, rows, array("q", [NOBODY]) * len(calls), bytearray(len(calls)), _texts(calls, rows)
    )
    flight = _Flight(rows)
    places = [rows.places.get(name, _ANYWHERE) for name in calls.callers]
    for call in sorted(range(len(calls)), key=calls.t.__getitem__):
        shown = joined.texts[call]
        if not shown:
            continue
        t, place = calls.t[call], places[calls.caller[call]]
        flight.advance(t)
        if exact := flight.that_must_see(tuple(shown), place, t):
            joined.right[call] = 1
            joined.give(call, exact)
            continue
        found = flight.that_said(shown[-1], place, t)
        if not found:
            # Another replica may have passed the turn on.  This is no ground to convict.
            if exact := flight.that_must_see(tuple(shown), _ANYWHERE, t):
                joined.right[call] = 1
                joined.give(call, exact)
            continue
        if len(found) > _MOST:
            continue
        near = _nearest(rows, shown, found, place, whole=not history.cut_short)
        if right := [row for row in near if in_order(rows.required(row), shown)]:
            joined.right[call] = 1
        if near:
            joined.give(call, right or near)
    return joined


def _texts(calls: ModelCalls, rows: TurnRows) -> list[Sequence[int]]:
    """The texts that each call shows, without those that no customer sent."""
    sent = bytearray(len(calls.digests))
    for message in rows.message:
        if message != NEVER_SHOWN:
            sent[message] = 1
    everything = all(sent)
    texts: list[Sequence[int]] = []
    for call in range(len(calls)):
        shown = calls.shown(call)
        texts.append(shown if everything else [each for each in shown if sent[each]])
    return texts


def _nearest(
    rows: TurnRows, shown: Sequence[int], found: Sequence[int], place: int, *, whole: bool
) -> list[int]:
    """Those of the rows that sent every earlier message shown.

    If none did, the only row in question has it: its context holds another customer's words.
    """
    texts = set(shown)
    near = [row for row in found if texts.issubset(rows.message[rows.first[row] : row + 1])]
    if near or len(found) > 1 or not whole:
        return near
    return [row for row in found if rows.place[row] == place]


class _Flight:
    """The turns in flight at a moment that only moves forward."""

    def __init__(self, rows: TurnRows) -> None:
        self._rows = rows
        self._waiting = sorted(range(len(rows)), key=rows.sent.__getitem__, reverse=True)
        self._by_text: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        self._by_history: defaultdict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)

    def advance(self, t: float) -> None:
        """Let in the turns that were sent until `t`."""
        rows, waiting, horizon = self._rows, self._waiting, t + CLOCK_S
        while waiting and rows.sent[waiting[-1]] <= horizon:
            row = waiting.pop()
            message, place = rows.message[row], rows.place[row]
            if message == NEVER_SHOWN:
                continue
            required = tuple(rows.required(row))
            for each in (place, _ANYWHERE):
                self._by_text[each, message].append(row)
                if NEVER_SHOWN not in required:
                    self._by_history[each, required].append(row)

    def that_must_see(self, shown: tuple[int, ...], place: int, t: float) -> list[int]:
        """The rows in flight whose model must be shown exactly this."""
        return list(self._live(self._by_history, shown, place, t))

    def that_said(self, message: int, place: int, t: float) -> list[int]:
        """The rows in flight with this message."""
        return list(self._live(self._by_text, message, place, t))

    def _live(
        self, index: dict[tuple[int, K], list[int]], key: K, place: int, t: float
    ) -> Iterator[int]:
        until, since = self._rows.until, t - CLOCK_S
        for each in (place,) if place == _ANYWHERE else (place, UNKNOWN):
            rows = index.get((each, key))
            if rows is None:
                continue
            live = [row for row in rows if until[row] >= since]
            if len(live) < len(rows):
                index[each, key] = live
            yield from live
