"""Checks one audit (a read of a session's history) against the acknowledged turns.

For every acknowledged turn the history must hold its message once, then the acknowledged reply
once, with only steps of that turn in between, in the order of the turns.  A turn of unknown fate
must be there whole and once, at its place or later, or not at all.

A text of the agent without a request (a greeting, a note) has no turn's id and is not a turn.  Half
a turn of an attempt that may still be running is no violation, because the attempt may yet write
the other half.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from msgspec import Struct, field

from reports.measures.continuity.violations import Violation
from reports.records import AuditRecord, HistoryItem, Outcome, TurnRecord

_OK = Outcome.OK
"""A local alias, since looking an enum member up takes as long as ten comparisons."""


class Expected(Struct):
    """The knowledge about a conversation when its audit is judged."""

    conversation: int
    user: str | None
    turns: Sequence[TurnRecord]
    """The turns sent before the audit, in order."""
    beginnings: Sequence[int]
    """The turns with which the history may begin: [0]; more if the TTL leaves it open; without 0
    if the beginning must have expired."""
    sent_as: Callable[[str], TurnRecord | None]
    """Finds the turn with an id, in any conversation."""
    all_known: bool
    """False: there may be turns without a record."""
    durable: Callable[[TurnRecord], bool]
    """False: the turn may be missing for some reason."""
    unseen: Callable[[TurnRecord], bool] = lambda turn: False
    """For a turn that may be missing: whether the server was not seen to lose anything."""
    may_come_late: Callable[[TurnRecord], bool] = lambda turn: False
    """Whether the turn may have been lost and then restored by another attempt."""
    under_way: Callable[[TurnRecord], bool] = lambda turn: False
    """Whether an attempt of the turn may have been running when the session was read."""
    once: bool = True
    """Whether the service promises that a repeated turn happens once; without that promise it may
    be there once more for every forgotten attempt."""


class Stored(Struct, frozen=True, gc=False):
    """The texts of a turn as they are stored, as digests."""

    message: str
    reply: str
    other_message: bool
    """The message differs from the sent one."""
    other_reply: bool
    """The reply differs from the acknowledged one."""


class Judgement(Struct):
    """The result of checking an audit."""

    violations: list[Violation] = field(default_factory=list)
    within_durability: int = 0
    """Acknowledged turns missing within the topology's declared durability."""
    unseen: list[str] = field(default_factory=list)
    """Acknowledged turns missing from a moment whose losses were not observed."""
    under_way: list[str] = field(default_factory=list)
    """Half turns whose other half an attempt may still write."""
    otherwise: dict[str, Stored] = field(default_factory=dict)
    """Whole turns with another text than sent or acknowledged."""
    notes: int = 0
    """Texts of the agent without a request."""
    beginnings: list[int] = field(default_factory=list)
    """The possible beginnings that agree with the read; empty: none."""
    repeated: int = 0
    """Repeated turns of a service that does not promise to prevent them."""


def judge_audit(audit: AuditRecord, expected: Expected) -> Judgement:
    """Judge one audit whose status is `found`."""
    return _Judge(audit, expected).judge()


class _Judge:
    def __init__(self, audit: AuditRecord, expected: Expected) -> None:
        self._audit = audit
        self._expected = expected
        self._own = {turn.turn_id: turn for turn in expected.turns}
        self._shown = {item.turn_id for item in audit.history}
        self._result = Judgement()

    def judge(self) -> Judgement:
        audit, expected = self._audit, self._expected
        if audit.user is not None and expected.user is not None and audit.user != expected.user:
            self._convict("leaked", None, f"user {expected.user}'s session", f"user {audit.user}'s")
        if self._is_plain():
            self._result.beginnings = [0]
            return self._result
        if self._has_whole_turns_in_order():
            self._judge_missing(self._shown)
            return self._result
        items = self._items_by_turn()
        whole = {turn_id for turn_id, found in items.items() if self._is_sound(turn_id, found)}
        self._judge_missing(items.keys())
        self._judge_order(whole)
        return self._result

    def _is_plain(self) -> bool:
        """The fast path: the history is exactly the acknowledged turns."""
        if self._shown != self._own.keys() or tuple(self._expected.beginnings) != (0,):
            return False
        talk = []
        for item in self._audit.history:
            if item.kind != "step":
                talk.append((item.turn_id, item.digest))
            elif len(talk) % 2 and item.turn_id != talk[-1][0]:
                return False
        due: list[tuple[str, str | None]] = []
        for turn in self._expected.turns:
            if turn.outcome is not Outcome.OK:
                return False
            due += [(turn.turn_id, turn.message), (turn.turn_id, turn.reply)]
        return talk == due

    def _has_whole_turns_in_order(self) -> bool:
        """The second fastest path: only acknowledged turns, each whole, with the right texts and in
        order.  Some may be missing."""
        own, latest = self._own, -1
        inside: TurnRecord | None = None
        for item in self._audit.history:
            turn_id = item.turn_id
            if inside is None:
                inside = None if turn_id is None else own.get(turn_id)
                if inside is None or inside.outcome is not _OK or inside.turn <= latest:
                    return False
                if item.kind != "message" or item.digest != inside.message:
                    return False
                latest = inside.turn
            elif turn_id != inside.turn_id:
                return False
            elif item.kind == "reply":
                if item.digest != inside.reply:
                    return False
                inside = None
            elif item.kind != "step":
                return False
        return inside is None

    def _items_by_turn(self) -> dict[str, list[HistoryItem]]:
        """The items of this conversation's turns; items of others are violations."""
        items: dict[str, list[HistoryItem]] = {}
        own = self._own
        strangers: set[str | None] = set()
        for item in self._audit.history:
            turn_id = item.turn_id
            if turn_id in items:
                items[turn_id].append(item)
            elif turn_id in own:
                items[turn_id] = [item]
            elif item.turn_id not in strangers:
                if item.turn_id is None and item.kind != "message":
                    self._result.notes += item.kind == "reply"
                    continue
                strangers.add(item.turn_id)
                self._judge_stranger(item)
        return items

    def _judge_stranger(self, item: HistoryItem) -> None:
        other = None if item.turn_id is None else self._expected.sent_as(item.turn_id)
        if other is not None and other.conversation != self._expected.conversation:
            saw = (
                f"a turn of conversation {other.conversation}, sent {other.sent:.3f} s, "
                f"{other.outcome} by {other.replica or 'nobody'}"
            )
            self._convict("leaked", item.turn_id, "this conversation's turns only", saw)
        elif item.turn_id is None or self._expected.all_known:
            named = "no turn id" if item.turn_id is None else f"turn id {item.turn_id}"
            self._convict(
                "phantom", item.turn_id, "only turns that were sent", f"a {item.kind} with {named}"
            )

    def _is_sound(self, turn_id: str, items: Sequence[HistoryItem]) -> bool:
        """Report a turn that is not there exactly once and whole; True when it is."""
        turn = self._own[turn_id]
        messages = [item.digest for item in items if item.kind == "message"]
        replies = [item.digest for item in items if item.kind == "reply"]
        if turn.outcome is _OK and messages == [turn.message] and replies == [turn.reply]:
            return True  # as nearly all are
        if turn.outcome is Outcome.FAIL:
            self._convict("phantom", turn_id, "no refused turn", "it in the history")
        elif self._may_repeat(turn, messages, replies):
            self._result.repeated += 1
        elif self._is_silent(turn, messages, replies):
            return False  # correct, but without a reply whose place could be judged
        elif self._may_go_on(turn, messages, replies):
            self._result.under_way.append(turn_id)
        elif len(messages) > len(replies) >= 1 and turn.attempts > 1:
            # More messages than replies: an interrupted attempt left half a turn.
            left = f"{len(messages)} times the message, {len(replies)} replies"
            self._convict("half_turn", turn_id, "every attempt whole or not at all", left)
        elif len(messages) > 1:
            self._convict("duplicated", turn_id, "its message once", f"{len(messages)} times")
        elif len(set(replies)) > 1:
            self._convict("forked", turn_id, "one reply", f"{len(set(replies))} different ones")
        elif len(replies) > 1:
            self._convict("duplicated", turn_id, "its reply once", f"it {len(replies)} times")
        elif not messages or not replies:
            half = "the message without a reply" if messages else "no customer's message with it"
            self._convict("half_turn", turn_id, "the turn whole or not at all", half)
        else:
            return self._is_as_sent(turn, messages[0], replies[0])
        return False

    def _is_as_sent(self, turn: TurnRecord, message: str, reply: str) -> bool:
        """Whether a turn that is there once has the sent message and the acknowledged reply."""
        other_message = message != turn.message
        other_reply = turn.reply is not None and reply != turn.reply
        if not other_message and not other_reply:
            return True
        stored = Stored(message, reply, other_message, other_reply)
        self._result.otherwise[turn.turn_id] = stored
        if other_message:
            self._convict("forked", turn.turn_id, f"message {turn.message}", f"message {message}")
        else:
            self._convict("forked", turn.turn_id, f"reply {turn.reply}", f"reply {reply}")
        return False

    def _may_go_on(self, turn: TurnRecord, messages: Sequence[str], replies: Sequence[str]) -> bool:
        """Whether attempts of the turn are there with their beginning but not their end, and may
        still have been running."""
        acknowledged = turn.outcome is Outcome.OK
        most = turn.unsure + acknowledged if acknowledged else max(1, turn.unsure)
        return (
            len(replies) < len(messages) <= most
            and (len(messages) == 1 or bool(replies) or not self._expected.once)
            and set(messages) == {turn.message}
            and (not acknowledged or turn.reply is None or turn.reply in replies)
            and self._expected.under_way(turn)
        )

    @staticmethod
    def _is_silent(turn: TurnRecord, messages: Sequence[str], replies: Sequence[str]) -> bool:
        """Whether the agent ended the turn without a reply, and the history agrees."""
        silent = turn.outcome is Outcome.OK and turn.reply is None
        return silent and not replies and messages == [turn.message]

    def _may_repeat(
        self, turn: TurnRecord, messages: Sequence[str], replies: Sequence[str]
    ) -> bool:
        """Whether the turn is there at most once per possible attempt, each time whole, and one of
        them is the acknowledged one."""
        most = turn.unsure + (turn.outcome is Outcome.OK)
        return (
            not self._expected.once
            and 1 < len(messages) <= most
            and len(replies) == len(messages)
            and set(messages) == {turn.message}
            and (turn.reply is None or turn.reply in replies)
        )

    def _judge_missing(self, present: Container[str | None]) -> None:
        acknowledged = [t for t in self._expected.turns if t.outcome is _OK]

        def fault_with(beginning: int) -> int:
            return sum((t.turn >= beginning) != (t.turn_id in present) for t in acknowledged)

        beginnings = self._expected.beginnings
        beginning = beginnings[0]
        if len(beginnings) > 1:
            beginning = min(beginnings, key=fault_with)
            self._result.beginnings = [each for each in beginnings if not fault_with(each)]
        stale: list[TurnRecord] = []
        if beginning:
            stale = [t for t in acknowledged if t.turn < beginning and t.turn_id in present]
        if stale:
            self._convict(
                "resurrected",
                stale[0].turn_id,
                "that the TTL took it",
                "it in the history",
                count=len(stale),
            )
        due = [t for t in acknowledged if t.turn >= beginning] if beginning else acknowledged
        missing = [t for t in due if t.turn_id not in present]
        if not missing:
            return
        excused = [t for t in missing if not self._expected.durable(t)]
        if excused:
            self._result.unseen = [t.turn_id for t in excused if self._expected.unseen(t)]
            self._result.within_durability += len(excused) - len(self._result.unseen)
            due = [t for t in due if t not in excused]
            missing = [t for t in missing if t not in excused]
        if not missing:
            return
        count = len(missing)
        cut = 2 <= count < len(due) and missing in (due[:count], due[-count:])
        if cut:
            end = "front" if missing[0] is due[0] else "end"
            self._convict(
                "truncated",
                missing[0].turn_id,
                f"{len(due)} acknowledged turns",
                f"{len(due) - count}, {count} cut off at the {end}",
                count=count,
            )
            return
        for turn in missing:
            self._convict("lost", turn.turn_id, "it, acknowledged", "a history without it")

    def _judge_order(self, whole: set[str]) -> None:
        """Judge the order of the turns that are correct themselves."""
        if (torn := self._torn_by_a_step(whole)) is not None:
            saw = "another turn's step between its message and its reply"
            self._convict("reordered", torn, "only its own steps in between", saw)
            return
        talk = [i for i in self._audit.history if i.kind != "step" and i.turn_id in whole]
        ids = [i.turn_id for i in talk if i.turn_id is not None]
        latest = -1
        for place, turn_id in enumerate(ids):
            turn = self._own[turn_id]
            if talk[place].kind == "message":
                broken = ids[place + 1 : place + 2] != [turn_id]
                saw = "another turn between its message and its reply"
            else:
                broken = ids[place - 1 : place] != [turn_id]
                saw = "its reply before its message"
            late = turn.turn < latest and not self._expected.may_come_late(turn)
            if late and turn.outcome is Outcome.OK:
                broken, saw = True, "it after a later turn"
            if broken:
                self._convict("reordered", turn_id, "the turns whole and in order", saw)
                return
            latest = max(latest, turn.turn)

    def _torn_by_a_step(self, whole: set[str]) -> str | None:
        """The first correct turn with another turn's step between its message and its reply."""
        inside: str | None = None
        for item in self._audit.history:
            if item.kind == "message":
                inside = item.turn_id if item.turn_id in whole else None
            elif item.kind == "reply":
                inside = None
            elif inside is not None and item.turn_id not in (None, inside):
                turn = self._own.get(item.turn_id or "")
                if turn is not None and not self._runs_twice(turn):
                    return inside
        return None

    def _runs_twice(self, turn: TurnRecord) -> bool:
        """Whether a forgotten attempt may run in parallel with the following turns."""
        return not self._expected.once and turn.unsure > 0

    def _convict(
        self, kind: str, turn_id: str | None, expected: str, saw: str, count: int = 1
    ) -> None:
        turn = self._own.get(turn_id) if turn_id is not None else None
        audit = self._audit
        where = f"read back from {audit.replica or 'a replica without a name'}"
        if turn is not None:
            where = (
                f"sent {turn.sent:.3f} s, done {turn.done:.3f} s, {turn.outcome} by "
                f"{turn.replica or 'nobody'}, {where}"
            )
        self._result.violations.append(
            Violation(
                kind=kind,
                conversation=self._expected.conversation,
                turn_id=turn_id,
                count=count,
                since=audit.at if turn is None else turn.sent,
                at=audit.done,
                where=where,
                expected=expected,
                saw=saw,
            )
        )
