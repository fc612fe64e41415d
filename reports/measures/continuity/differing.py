"""Texts that are stored otherwise than they were sent or given: what do they look like?

An application that rewrites keeps most words, or puts the same text in many places.  A store that
mixes up turns stores a text of another turn, exactly, or gives it to another customer.  A text that
many turns have (a greeting) shows nothing of that kind.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
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
"""A near copy has at least this share of its words in common with the text that was said."""
_FEW_WORDS = 3
"""A text of so few words may be rewritten as a whole."""
_COMMONPLACE = 4
"""So many turns with the same text make it no turn's own."""
_SAME_TEXT = 2
"""A text in the place of so many different ones is the application's own."""

Likenesses = Mapping[tuple[str, str], Likeness]
"""Kind and digest of a stored text → its comparison."""


class Look(Enum):
    """What a stored text looks like beside the one that was said."""

    COPY = "most of its words"
    CUT = "only its beginning"
    UNLIKE = "other words"
    OTHER_TURN = "words of another turn"
    UNKNOWN = "not compared"


class Differing(NamedTuple):
    """One text of a turn that is stored otherwise."""

    turn_id: str
    kind: str
    """`message` or `reply`."""
    stored: str
    """Digest of the stored text."""
    said: str | None
    """Digest of the text that was sent or given."""
    look: Look
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


def differing(turn: TurnRecord, stored: Stored, known: Likenesses) -> list[tuple[str, str, Look]]:
    """The kind, the digest and the look of each text of this turn that is stored otherwise."""
    texts = [
        ("message", stored.message, stored.other_message),
        ("reply", stored.reply, stored.other_reply),
    ]
    return [
        (kind, text, _look(known.get((kind, text)), turn)) for kind, text, other in texts if other
    ]


def _look(likeness: Likeness | None, turn: TurnRecord) -> Look:
    if likeness is None or likeness.sent <= _FEW_WORDS:
        return Look.UNKNOWN
    longer = max(likeness.stored, likeness.sent)
    if likeness.kept < _COPY_SHARE * longer and likeness.begins < likeness.stored:
        return Look.UNLIKE
    if likeness.turn != turn.turn:
        return Look.OTHER_TURN
    if likeness.begins == likeness.stored < likeness.sent:
        return Look.CUT
    return Look.COPY


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
                    kind,
                    text,
                    turn.message if kind == "message" else turn.reply,
                    look,
                    at_once,
                    calm,
                    turn.reply,
                    turn.said,
                )
                for kind, text, look in differing(turn, stored, known)
            ]


class Owners:
    """Which stored or given texts are those of another turn, or the application's own."""

    def __init__(self, history: History, texts: Sequence[Differing]) -> None:
        self._differing = {text.turn_id for text in texts}
        said: defaultdict[str, set[str | None]] = defaultdict(set)
        for text in texts:
            said[text.stored].add(text.said)
        self._canned = {name for name, places in said.items() if len(places) >= _SAME_TEXT}
        self._turns = _turns_with(history, texts)

    def of(self, text: Differing) -> str | None:
        """The other turn whose text is stored in this one, or was given to its customer."""
        return self._owner(text.turn_id, text.kind, text.stored, text.reply, text.by_model)

    def of_turn(self, turn: TurnRecord, kind: str, stored: str) -> str | None:
        """The same, of the stored text of this kind."""
        return self._owner(turn.turn_id, kind, stored, turn.reply, turn.said)

    def _owner(
        self, turn_id: str, kind: str, stored: str, reply: str | None, by_model: str | None
    ) -> str | None:
        named = _other(turn_id, [name for name, _ in self._turns.get(stored, ())])
        if named is not None or kind == "message" or reply is None or by_model == reply:
            return named
        right = [
            name
            for name, is_own in self._turns.get(reply, ())
            if is_own or (is_own is None and name not in self._differing)
        ]
        return _other(turn_id, right)

    def is_canned(self, stored: str) -> bool:
        """Whether the same text, which no turn has, stands in the place of several others."""
        return stored in self._canned and stored not in self._turns


def _other(turn_id: str, names: Sequence[str]) -> str | None:
    return names[0] if 0 < len(names) < _COMMONPLACE and turn_id not in names else None


def _turns_with(
    history: History, texts: Sequence[Differing]
) -> dict[str, list[tuple[str, bool | None]]]:
    """Text → the first turns with it, and whether it was their model's (None: not known)."""
    wanted = {text.stored for text in texts}
    wanted |= {text.said for text in texts if text.kind == "reply" and text.said is not None}
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
