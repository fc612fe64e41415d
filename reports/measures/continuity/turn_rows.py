"""The turns of a run and of its rehearsal, in columns by which the calls are joined with them.

Each turn is a row; the rows of one conversation follow each other in the order of its turns.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from reports.measures.continuity.forgotten import late_until
from reports.measures.continuity.session_model import CLOCK_S
from reports.records import Outcome, TurnRecord
from reports.records.history import History

NEVER_SHOWN = -1
"""The message of a turn that no call shows."""
UNKNOWN = 0
"""The place of a turn of which it is not known which replica called the model."""

_FEW = 100_000
"""In a run of more turns, only messages that no call shows suggest that a plugin rewrites some."""
_OK, _INFO = Outcome.OK, Outcome.INFO


class TurnRows:
    """The turns of the load, and after them those of the rehearsal."""

    def __init__(self, history: History) -> None:
        self.first = array("I")
        """The row of the first turn of its conversation."""
        self.message = array("q")
        """The number of the message's digest in the log, or `NEVER_SHOWN`.

        A plugin may rewrite it: it is the text as the session holds it, if a call shows that."""
        self.unshown: set[int] = set()
        """The rows whose message no call shows in either form, though the session holds it: a
        plugin rewrites it for the model.  It cannot be required."""
        self.sent, self.until = array("d"), array("d")
        """When the first attempt was sent, and when the last one has ended for certain."""
        self.ok = bytearray()
        """1: it was acknowledged."""
        self.once = bytearray()
        """1: it took one attempt, in the session of the turn before."""
        self.stepped = bytearray()
        """1: its answer showed steps of tools."""
        self.anew = bytearray()
        """1: the TTL may have ended its session since the conversation began."""
        self.place = array("I")
        """The number of the replica that called the model, by `places`, or `UNKNOWN`."""
        self.places: dict[str, int] = {}
        """The replicas, from 1, by the names that turns and calls have in common."""
        self.conversation = array("q")
        """The number of its conversation, below 0 in the rehearsal."""
        self._until = history.once(late_until)
        self._longest = history.run.ttl_seconds - CLOCK_S
        self._numbers = history.calls.digests
        self._callers = frozenset(history.calls.callers) - {""}
        self._rows: dict[int, int] = {}
        for conversation, turns in history.turns.read_talks():
            self._rows[conversation] = len(self.first)
            self._add(conversation, turns)
        self.loaded = len(self.first)
        """The number of rows of the load."""
        if self.loaded <= _FEW or NEVER_SHOWN in self.message:
            self._take_stored(history)
        for conversation, turns in _talks(history.rehearsed).items():
            self._add(-1 - conversation, turns)

    def __len__(self) -> int:
        return len(self.first)

    def row(self, conversation: int, turn: int) -> int | None:
        """The row of a turn of the load; None: it has none."""
        first = self._rows.get(conversation)
        row = None if first is None else first + turn
        return row if row is not None and row < self.loaded and self.first[row] == first else None

    def required(self, row: int) -> list[int]:
        """The messages that its model must be shown, if nothing may be lost: the acknowledged ones
        of its conversation, and its own."""
        first, ok, unshown = self.first[row], self.ok, self.unshown
        before = (each for each in range(first, row) if ok[each] and each not in unshown)
        return [self.message[each] for each in before] + [self.message[row]]

    def _add(self, conversation: int, turns: Sequence[TurnRecord]) -> None:
        first = len(self.first)
        anew, kept = False, turns[0].sent
        for turn in turns:
            anew = anew or turn.reopened is not None or turn.sent - kept >= self._longest
            kept = turn.sent
            late = turn.outcome is _INFO or turn.unsure > 0
            self.first.append(first)
            self.conversation.append(conversation)
            self.message.append(self._numbers.get(turn.message, NEVER_SHOWN))
            self.sent.append(turn.sent)
            self.until.append(self._until(turn.sent, turn.done) if late else turn.done)
            self.ok.append(turn.outcome is _OK)
            self.once.append(turn.attempts == 1 and turn.reopened is None)
            self.stepped.append(bool(turn.steps))
            self.anew.append(anew)
            self.place.append(self._place(turn))

    def _take_stored(self, history: History) -> None:
        """Put the texts that the sessions hold in the place of those that were sent, where the
        model was shown them."""
        for conversation, _, turns, audits in history.talks():
            stored = {
                item.turn_id: item.digest
                for audit in audits
                for item in audit.history
                if item.kind == "message"
            }
            first = self._rows.get(conversation, 0)
            for row, turn in enumerate(turns, first):
                held = stored.get(turn.turn_id)
                if held is None:
                    continue
                shown = self._numbers.get(held, NEVER_SHOWN)
                if shown != NEVER_SHOWN:
                    self.message[row] = shown
                elif self.message[row] == NEVER_SHOWN:
                    self.unshown.add(row)

    def _place(self, turn: TurnRecord) -> int:
        if turn.attempts != 1 or turn.replica is None or turn.replica not in self._callers:
            return UNKNOWN
        return self.places.setdefault(turn.replica, len(self.places) + 1)


def _talks(turns: Sequence[TurnRecord]) -> Mapping[int, list[TurnRecord]]:
    talks: defaultdict[int, list[TurnRecord]] = defaultdict(list)
    for turn in turns:
        talks[turn.conversation].append(turn)
    for talk in talks.values():
        talk.sort(key=lambda turn: turn.turn)
    return talks


def in_order(required: Sequence[int], shown: Sequence[int]) -> bool:
    """Whether all `required` are shown, in their order; others may be between them."""
    left: Iterator[int] = iter(shown)
    return all(each in left for each in required)
