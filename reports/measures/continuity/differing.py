"""Texts that are stored otherwise than they were sent or given: what do they look like?

An application that rewrites keeps most words and puts the same few in the place of the others
(`[name]`), or puts the same text in many places.  A store that mixes up turns stores a text of
another turn, exactly, or gives it to another customer.  A text that many turns have (a greeting)
shows nothing of that kind.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from reports.measures.beside import beside_a_fault
from reports.measures.continuity.history_check import Stored
from reports.records import AuditRecord, Likeness, TurnRecord
from reports.records.history import History

_MOST = 100_000
"""The differing texts of a run that are kept; of an application that rewrites every turn, the
first ones are enough."""
_COPY_SHARE = 0.5
"""A near text has at least this share of its words in common with the one that was said."""
_FEW_WORDS = 3
"""A text of so few words may be rewritten as a whole."""
_COMMONPLACE = 4
"""This many turns with the same text make it no turn's own."""
_SAME_TEXT = 2
"""A text in the place of this many different ones is the application's own."""

Likenesses = Mapping[tuple[str, str], Likeness]
"""Kind and digest of a stored text → its comparison."""


class Look(Enum):
    """What a stored text looks like beside the one that was said."""

    SAME = "the same words"
    NEAR = "most of its words"
    CUT = "only its beginning"
    UNLIKE = "other words"
    OTHER_TURN = "words of another turn"
    UNKNOWN = "not compared"


class Text(NamedTuple):
    """A stored text beside the one that was said."""

    kind: str
    """`message` or `reply`."""
    stored: str
    """Digest of the stored text."""
    look: Look
    added: tuple[int, ...] = ()
    """Marks of words that only the stored text has."""
    taken: tuple[int, ...] = ()
    """Marks of words that only the other has."""


class Differing(NamedTuple):
    """One text of a turn that is stored otherwise."""

    turn_id: str
    text: Text
    said: str | None
    """Digest of the text that was sent or given."""
    at_once: bool
    """The turn was answered at the first attempt."""
    calm: bool
    """No fault was near it."""
    reply: str | None
    """Digest of the reply that the customer got."""
    by_model: str | None
    """Digest of the model's text, by its own metadata."""


def likenesses(audits: Sequence[AuditRecord]) -> Likenesses:
    """The comparisons of a conversation's stored texts."""
    return {
        (each.kind, each.digest): each for audit in audits for each in audit.likeness or () if each
    }


def differing(turn: TurnRecord, stored: Stored, known: Likenesses) -> list[Text]:
    """The texts of this turn that are stored otherwise."""
    texts = [
        ("message", stored.message, stored.other_message),
        ("reply", stored.reply, stored.other_reply),
    ]
    return [
        _text(kind, name, known.get((kind, name)), turn) for kind, name, other in texts if other
    ]


def _text(kind: str, name: str, likeness: Likeness | None, turn: TurnRecord) -> Text:
    if likeness is None:
        return Text(kind, name, Look.UNKNOWN)
    return Text(kind, name, _look(likeness, turn), likeness.added, likeness.taken)


def _look(likeness: Likeness, turn: TurnRecord) -> Look:
    if 0 < likeness.kept == likeness.sent == likeness.stored and likeness.turn == turn.turn:
        return Look.SAME
    if likeness.sent <= _FEW_WORDS:
        return Look.UNKNOWN
    longer = max(likeness.stored, likeness.sent)
    if likeness.kept < _COPY_SHARE * longer and likeness.begins < likeness.stored:
        return Look.UNLIKE
    if likeness.turn != turn.turn:
        return Look.OTHER_TURN
    if likeness.begins == likeness.stored < likeness.sent:
        return Look.CUT
    return Look.NEAR


@dataclass
class DifferingTexts:
    """The differing texts of a run."""

    found: list[Differing] = field(default_factory=list)

    def take(
        self,
        history: History,
        turns: Sequence[TurnRecord],
        otherwise: Mapping[str, Stored],
        audits: Sequence[AuditRecord],
    ) -> None:
        """Take those of one conversation."""
        known = likenesses(audits)
        for turn in turns:
            stored = otherwise.get(turn.turn_id)
            if stored is None or len(self.found) >= _MOST:
                continue
            at_once = turn.attempts == 1 and not turn.unsure
            calm = not beside_a_fault(history, turn.sent, turn.done)
            self.found += [
                Differing(
                    turn.turn_id,
                    text,
                    turn.message if text.kind == "message" else turn.reply,
                    at_once,
                    calm,
                    turn.reply,
                    turn.said,
                )
                for text in differing(turn, stored, known)
            ]


class Owners:
    """Which stored or given texts are those of another turn, or the application's own."""

    def __init__(self, history: History, texts: Sequence[Differing]) -> None:
        self._differing = {each.turn_id for each in texts}
        self._given = Counter(each.said for each in texts if each.text.kind == "reply")
        self._added = _repeated((each.text.added, each.turn_id) for each in texts)
        self._taken = _repeated((each.text.taken, each.turn_id) for each in texts)
        said: defaultdict[str, set[str | None]] = defaultdict(set)
        for each in texts:
            said[each.text.stored].add(each.said)
        self._canned = {name for name, places in said.items() if len(places) >= _SAME_TEXT}
        self._turns = _turns_with(history, texts)

    def of(self, each: Differing) -> str | None:
        """The other turn whose text is stored in this one, or was given to its customer."""
        return self._owner(each.turn_id, each.text, each.reply, each.by_model)

    def of_turn(self, turn: TurnRecord, text: Text) -> str | None:
        """The same, of this text of the turn."""
        return self._owner(turn.turn_id, text, turn.reply, turn.said)

    def _owner(
        self, turn_id: str, text: Text, reply: str | None, by_model: str | None
    ) -> str | None:
        named = _other(turn_id, [name for name, _ in self._turns.get(text.stored, ())])
        if named is not None or text.kind == "message" or reply is None or by_model == reply:
            return named
        if self._given[reply] >= _COMMONPLACE:
            return None  # what an application says in place of many a reply
        right = [
            name
            for name, is_own in self._turns.get(reply, ())
            if is_own or (is_own is None and name not in self._differing)
        ]
        return _other(turn_id, right)

    def is_rewritten(self, text: Text) -> bool:
        """Whether this is a text as applications make them, which no turn has.

        Only marks between the words differ; or the same text stands in the place of several
        others, or the same words in the place of those that differ, in either text.
        """
        if text.stored in self._turns:
            return False
        if text.look is Look.SAME or text.stored in self._canned:
            return True
        added, taken = set(text.added), set(text.taken)
        placed = (added and added <= self._added) or (taken and taken <= self._taken)
        return text.look is Look.NEAR and bool(placed)


def _repeated(marks: Iterable[tuple[tuple[int, ...], str]]) -> set[int]:
    """The marks that stand in the texts of several turns."""
    turns: defaultdict[int, set[str]] = defaultdict(set)
    for each, turn_id in marks:
        for mark in each:
            if len(turns[mark]) < _SAME_TEXT:
                turns[mark].add(turn_id)
    return {mark for mark, names in turns.items() if len(names) >= _SAME_TEXT}


def _other(turn_id: str, names: Sequence[str]) -> str | None:
    return names[0] if 0 < len(names) < _COMMONPLACE and turn_id not in names else None


def _turns_with(
    history: History, texts: Sequence[Differing]
) -> dict[str, list[tuple[str, bool | None]]]:
    """Text → the first turns with it, and whether it was their model's (None: not known)."""
    wanted = {each.text.stored for each in texts}
    wanted |= {each.said for each in texts if each.text.kind == "reply" and each.said is not None}
    found: dict[str, list[tuple[str, bool | None]]] = {}
    times = Counter[str]()
    for turn in history.turns if wanted else ():
        for text in {turn.message, turn.reply, turn.said}:
            if text is None or text not in wanted:
                continue
            times[text] += 1
            if times[text] <= _COMMONPLACE + 1:
                own = None if turn.said is None else turn.said == text
                found.setdefault(text, []).append((turn.turn_id, own))
    return found
