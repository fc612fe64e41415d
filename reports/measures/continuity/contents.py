"""Contents: do sessions hold the answers' tool steps and state, and do replies match the model's?

Three questions beyond the place of a message and a reply in the history:

- steps: the tools' calls and results that an answer showed are in the history, once.  The reference
  agent calls no tool twice in one turn, so there a step that is shown twice was done twice.
- state: the session's state equals the turns' writes.  The reference agent writes no other state,
  so there a key that no turn of the conversation wrote is somebody else's.
- reply: the reply is the model's text, by the digest that the model attached.

Only turns without doubt are compared: acknowledged, no attempt of unknown outcome, whole in the
history, and not within the declared durability.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from reports.records import AuditRecord, ConversationRecord, HistoryItem, Outcome, TurnRecord

_EVIDENCE_LINES = 20
_MOST_REPLIES = 10_000
"""Replies that are looked for among those of other turns."""
_COMMONPLACE = 4
"""This many turns whose model gave the same text make it no turn's own."""


_OK = Outcome.OK
"""A local alias, since looking an enum member up takes as long as ten comparisons."""


@dataclass
class Compared:
    """The comparison for one of the questions."""

    turns: int = 0
    """Turns that could be compared."""
    wrong: int = 0
    """Turns with a difference."""
    conversations: int = 0
    """Conversations with such turns."""
    first: list[str] = field(default_factory=list)
    """Evidence, one line a turn."""
    _latest: int | None = None

    def add(self, turn: TurnRecord, difference: str | None) -> None:
        """Count one turn; a conversation's turns must be counted in a row."""
        self.turns += 1
        if difference is None:
            return
        self.wrong += 1
        self.conversations += turn.conversation != self._latest
        self._latest = turn.conversation
        if len(self.first) < _EVIDENCE_LINES:
            self.first.append(
                f"conversation {turn.conversation}, turn {turn.turn_id}: sent {turn.sent:.3f} s, "
                f"answered by {turn.replica or 'nobody'}; {difference}"
            )


@dataclass
class Contents:
    """The three comparisons over a run."""

    steps: Compared = field(default_factory=Compared)
    state: Compared = field(default_factory=Compared)
    reply: Compared = field(default_factory=Compared)
    wrong_replies: dict[str, str] = field(default_factory=dict)
    """Turns whose customer got another text than the model's → the digest of what they got; the
    first ones."""
    stored_as_given: int = 0
    """Turns whose customer got another text than the model's, which the session holds, too."""
    stateless: int = 0
    """Conversations whose turns wrote state, and whose session was read without any."""
    agent_is_ours: bool = False
    """Whether the reference agent answered, with the scripted model."""

    def compare(
        self,
        record: ConversationRecord | None,
        turns: Sequence[TurnRecord],
        audits: Sequence[AuditRecord],
        durable: Callable[[TurnRecord], bool],
    ) -> None:
        """Compare one conversation, as far as its contents were recorded."""
        stepped = False
        for turn in turns:
            if turn.said is not None and _is_certain(turn):
                self._compare_reply(turn, audits)
            stepped = stepped or (turn.steps is not None and _is_certain(turn))
        if record is None or not stepped:
            return
        found = [audit for audit in audits if audit.status == "found"]
        if not found:
            return
        audit = found[-1]
        items = _by_turn(audit.history)
        whole = [
            turn
            for turn in turns
            if _is_certain(turn) and durable(turn) and _is_whole(items.get(turn.turn_id))
        ]
        for turn in whole:
            if turn.steps is not None:
                other = _other_steps(turn.steps, items[turn.turn_id])
                if other is None and self.agent_is_ours:
                    other = _steps_done_twice(turn.steps)
                self.steps.add(turn, other)
        if len(whole) == len(turns) and _is_one_session(turns):
            if audit.state is not None:
                self._compare_state(turns, audit.state)
            elif any(turn.state for turn in turns):
                self.stateless += 1

    def _compare_reply(self, turn: TurnRecord, audits: Sequence[AuditRecord]) -> None:
        difference = _other_reply(turn)
        self.reply.add(turn, difference)
        if difference is None or turn.reply is None:
            return
        given = HistoryItem(turn.turn_id, "reply", turn.reply)
        self.stored_as_given += any(given in audit.history for audit in audits)
        if len(self.wrong_replies) < _MOST_REPLIES:
            self.wrong_replies[turn.turn_id] = turn.reply

    def _compare_state(self, turns: Sequence[TurnRecord], state: Mapping[str, str]) -> None:
        writers: dict[str, TurnRecord] = {}
        earlier: dict[str, set[str]] = {}
        for turn in turns:
            for key in turn.state or {}:
                if key in writers:
                    earlier.setdefault(key, set()).add((writers[key].state or {})[key])
                writers[key] = turn
        wrong: dict[str, str] = {}
        for key, turn in writers.items():
            expected, shown = (turn.state or {})[key], state.get(key)
            if shown == expected:
                continue
            if shown is None:
                why = f"state key {key} that it wrote is not in the session"
            elif shown in earlier.get(key, ()):
                why = f"state key {key} that it wrote has the value of an earlier turn"
            else:
                why = f"state key {key} that it wrote has a value that no turn wrote"
            wrong.setdefault(turn.turn_id, why)
        if self.agent_is_ours and turns:
            for key in sorted(state.keys() - writers.keys()):
                why = f"the session holds state key {key}, which no turn of it wrote"
                wrong.setdefault(turns[-1].turn_id, why)
        for turn in turns:
            self.state.add(turn, wrong.get(turn.turn_id))


def replies_of_others(turns: Iterable[TurnRecord], wrong: Mapping[str, str]) -> dict[str, str]:
    """Each turn of `wrong` whose customer got what the model said in another turn → that turn."""
    wanted = set(wrong.values())
    said: dict[str, list[str]] = {}
    for turn in turns if wanted else ():
        if turn.said in wanted and turn.said is not None:
            said.setdefault(turn.said, []).append(turn.turn_id)
    owners = {text: names for text, names in said.items() if len(names) < _COMMONPLACE}
    return {
        turn_id: owners[text][0]
        for turn_id, text in wrong.items()
        if turn_id not in owners.get(text, [turn_id])
    }


def _is_certain(turn: TurnRecord) -> bool:
    return turn.outcome is _OK and not turn.unsure


def _by_turn(items: Sequence[HistoryItem]) -> dict[str | None, list[HistoryItem]]:
    found: dict[str | None, list[HistoryItem]] = {}
    for turn_id, neighbours in groupby(items, attrgetter("turn_id")):
        found.setdefault(turn_id, []).extend(neighbours)
    return found


def _is_whole(items: Sequence[HistoryItem] | None) -> bool:
    """Whether the history holds the turn once; other cases are violations of their own."""
    if items is None:
        return False
    kinds = [item.kind for item in items]
    return kinds.count("message") == 1 and kinds.count("reply") <= 1


def _is_one_session(turns: Sequence[TurnRecord]) -> bool:
    return all(turn.reopened is None and turn.state is not None for turn in turns)


def _other_reply(turn: TurnRecord) -> str | None:
    if turn.reply == turn.said:
        return None
    return f"the model gave reply {turn.said}, the customer got {turn.reply or 'none'}"


def _steps_done_twice(shown: tuple[str, ...]) -> str | None:
    more = len(shown) - len(set(shown))
    return f"{more} of the {len(shown)} tool steps in the answer were done twice" if more else None


def _other_steps(shown: tuple[str, ...], items: Sequence[HistoryItem]) -> str | None:
    stored = tuple([item.digest for item in items if item.kind == "step"])
    if stored == shown:
        return None
    twice = Counter(stored) - Counter(shown)
    gone = Counter(shown) - Counter(stored)
    if twice and not gone:
        return f"the answer showed {len(shown)} tool steps, the history holds {len(stored)}"
    if gone and not twice:
        return f"{gone.total()} of the {len(shown)} tool steps in the answer are not in the history"
    if not gone:
        return "the tool steps in the history are in another order than in the answer"
    return f"{gone.total()} of the {len(shown)} tool steps in the answer are others in the history"
