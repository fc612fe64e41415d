"""The witness of the stand-in's log: was the model shown every acknowledged message, in each call?

A call may show more than the customer's messages (instructions, the words of other agents), so that
the acknowledged messages need only be among them, in their order.  A turn of unknown fate may be
there or not, and so may one whose loss the declared durability permits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from reports.measures.continuity.joined_calls import SEVERAL, Joined, join
from reports.measures.continuity.learned import Learned, learn
from reports.measures.continuity.turn_rows import in_order
from reports.measures.continuity.witness import Testimony
from reports.records import Outcome, TurnRecord
from reports.records.history import History

_MOST_NAMED = 5
"""Missing turns that a line of evidence names."""


class _Seen(Enum):
    """The messages that one call showed."""

    RIGHT = 0
    LESS = 1
    STALE = 2


@dataclass(frozen=True, slots=True)
class _Sent:
    """A turn of the conversation so far."""

    turn: int
    message: int
    """The number of its message's digest."""
    required: bool


class CallWitness:
    """Follows what the model must be shown, turn by turn, as `witness.Witness` does."""

    def __init__(self, history: History, conversation: int) -> None:
        self._joined: Joined = history.once(join)
        self._learned: Learned = history.once(learn)
        self._conversation = conversation
        self._sent: list[_Sent] = []
        self._begins = [0]
        """The turns at which the session may have begun."""
        self.beginnings: set[int] | None = None
        """As `Witness.beginnings`."""
        self.shown: frozenset[int] = frozenset()
        """As `Witness.shown`."""
        self.shared: tuple[int, ...] = ()
        """The calls of the last turn that show too little, and may be another customer's."""
        self._saw = ""

    def may_begin_anew(self, turn: int) -> None:
        """The session may have expired before this turn."""
        self._begins.append(turn)

    def must_begin_anew(self, turn: int) -> None:
        """The session must have expired before this turn."""
        self._begins = [turn]

    def saw(self, turn: TurnRecord) -> str:
        """What the last call that showed something wrong was shown."""
        return self._saw

    def turn(self, turn: TurnRecord, durable: bool) -> Testimony:
        """Judge all calls of the next turn.  `durable`: it cannot be lost later."""
        self.beginnings, self.shown, self.shared = None, frozenset(), ()
        joined = self._joined
        row = joined.rows.row(self._conversation, turn.turn)
        if row is None or turn.outcome is Outcome.FAIL:
            return Testimony.NONE
        message = joined.rows.message[row]
        acknowledged = turn.outcome is Outcome.OK
        testimony = self._judge(turn, row, message) if acknowledged else Testimony.NONE
        required = acknowledged and durable and row not in joined.rows.unshown
        self._sent.append(_Sent(turn.turn, message, required))
        return testimony

    def _judge(self, turn: TurnRecord, row: int, message: int) -> Testimony:
        joined, calls = self._joined, self._joined.calls
        found = joined.of.get(row, [])
        if turn.reopened is not None:
            # Until the customer heard that the session is gone, an attempt was in the old one.
            found = [call for call in found if calls.t[call] > turn.reopened]
        mine = [c for c in found if not self._learned.by_design(calls.agents[calls.agent[c]])]
        if not mine:
            return Testimony.BY_DESIGN if found else Testimony.NONE
        right: list[int] = []
        doubted = False
        for call in mine:
            seen = self._see(call, message)
            # A forgotten attempt may have begun before the session expired.
            if seen is _Seen.RIGHT or (seen is _Seen.STALE and turn.unsure):
                right.append(call)
                continue
            self._tell(call, message)
            if not self._may_convict(call, row):
                doubted = True
            elif joined.owner[call] == SEVERAL:
                self.shared += (call,)
            else:
                return Testimony.STALE if seen is _Seen.STALE else Testimony.LESS
        if doubted:
            return Testimony.DOUBTED
        if self.shared:
            return Testimony.SHARED
        self._learn_from(right, message)
        return Testimony.TRUE

    def _see(self, call: int, message: int) -> _Seen:
        shown = self._joined.texts[call]
        if not in_order(self._required(max(self._begins), message), shown):
            return _Seen.LESS
        earliest = min(self._begins)
        if earliest:
            texts = {each.message for each in self._sent if each.turn >= earliest} | {message}
            old = {each.message for each in self._sent if each.turn < earliest} - texts
            if old & set(shown):
                return _Seen.STALE
        return _Seen.RIGHT

    def _required(self, begins: int, message: int) -> list[int]:
        sent = self._sent
        return [s.message for s in sent if s.required and s.turn >= begins] + [message]

    def _may_convict(self, call: int, row: int) -> bool:
        calls = self._joined.calls
        agent = self._learned.agents[calls.agents[calls.agent[call]]]
        return agent.may_convict(row - self._joined.rows.first[row])

    def _learn_from(self, right: list[int], message: int) -> None:
        """The turns that every call showed, and where the session then began."""
        texts = set.intersection(*(set(self._joined.texts[call]) for call in right))
        messages = [each.message for each in self._sent] + [message]
        self.shown = frozenset(
            each.turn
            for each in self._sent
            if each.message in texts and messages.count(each.message) == 1
        )
        if len(self._begins) == 1:
            self.beginnings = set(self._begins)
            return
        agreeing = [
            begins
            for begins in self._begins
            if all(each >= begins for each in self.shown)
            and all(
                in_order(self._required(begins, message), self._joined.texts[call])
                for call in right
            )
        ]
        if agreeing:
            self._begins = agreeing
            self.beginnings = set(agreeing)

    def _tell(self, call: int, message: int) -> None:
        joined, calls = self._joined, self._joined.calls
        shown = list(joined.texts[call])
        begins = max(self._begins)
        due = [each for each in self._sent if each.required and each.turn >= begins]
        missing = [each.turn for each in due if each.message not in shown]
        agent = calls.agents[calls.agent[call]] or "the agent"
        caller = calls.callers[calls.caller[call]] or "a replica without a name"
        if missing:
            more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
            named = ", ".join(map(str, missing[:_MOST_NAMED]))
            what = f"without turns {named}{more}" if len(missing) > 1 else f"without turn {named}"
        elif in_order(self._required(begins, message), shown):
            what = "with turns that the TTL must have taken"
        else:
            what = "in another order"
        self._saw = (
            f"a call of the model by {agent} on {caller} at {calls.t[call]:.3f} s, {what} "
            f"({len(shown)} messages)"
        )
        if joined.owner[call] == SEVERAL:
            self._saw += (
                f", which may be of {joined.sharers[call]} conversations with the same words"
            )


def all_whole(history: History, turns: Sequence[TurnRecord]) -> bool:
    """Whether each turn has calls that are judged, and each of them shows the whole context."""
    joined, learned = history.once(join), history.once(learn)
    designed = learned.unjudged()
    calls = joined.calls
    for turn in turns:
        found = joined.calls_of(turn.conversation, turn.turn)
        if designed:
            found = [c for c in found if calls.agents[calls.agent[c]] not in designed]
        if not found or not all(joined.right[call] for call in found):
            return False
    return True
