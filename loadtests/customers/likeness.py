"""Compares texts that a session stores otherwise than they were sent, or given to the customer.

The judge tells by it what an application rewrites (a name taken out) from what a store mixes up or
cuts off.  The records hold the numbers of words, and marks by which the same word in another text
is known again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any
from unicodedata import normalize
from zlib import crc32

from loadtests.adk.agent_event import parts_of, text_of
from reports.records import HistoryItem, Likeness, digest

MOST_CHARACTERS = 1000
"""Of a text that is compared; thousands of customers hold theirs at a time."""
_MOST = 64
"""Texts compared in one read."""
_MOST_MARKS = 8
_AT_END = 20
"""Words at the end of the part of a long text that is compared."""
_ABOUT_AS_MUCH = 0.25
"""A difference between shares of common words that means nothing."""
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+")
"""A word, or a sign of a script that writes no spaces."""


Replies = Mapping[int, tuple[str, str]]
"""Number of the turn → the digest of the reply that the customer got, and its beginning."""


def compared(
    items: Sequence[HistoryItem],
    events: Iterable[Any],
    messages: Sequence[str],
    replies: Replies,
    turn_ids: Sequence[str] = (),
) -> tuple[Likeness, ...] | None:
    """The likeness of each stored text that the customer neither sent nor got; None: there is none.

    `items` are the history of the session with these events, `turn_ids` those of its turns: of
    texts that it is about as much like, that of its own turn counts.
    """
    known = {
        "message": {digest(text) for text in messages},
        "reply": {name for name, _ in replies.values()},
    }
    others = {
        (item.kind, item.digest): item.turn_id
        for item in items
        if item.kind in known and item.digest not in known[item.kind]
    }
    if not others or not replies:
        return None
    stored = {digest(text): text for text in map(_text, events) if text.strip()}
    own: dict[str, Iterable[tuple[int, str]]] = {
        "message": list(enumerate(messages)),
        "reply": [(turn, text) for turn, (_, text) in replies.items()],
    }
    numbers = {name: number for number, name in enumerate(turn_ids)}
    found = []
    for (kind, name), turn_id in islice(others.items(), _MOST):
        if (text := stored.get(name)) is not None:
            each = [_likeness(text, kind, turn, mine) for turn, mine in own[kind]]
            likeness = _most_like(each, numbers.get(turn_id or ""))
            if len(text) < MOST_CHARACTERS or likeness.added or likeness.taken:
                found.append(likeness)  # else they differ behind the part that is compared
    return tuple(found) or None


def _most_like(likenesses: Sequence[Likeness], own: int | None) -> Likeness:
    best = max(likenesses, key=_share)
    for likeness in likenesses:
        if likeness.turn == own and _share(likeness) > _share(best) - _ABOUT_AS_MUCH:
            return likeness
    return best


def _text(event: Any) -> str:
    return text_of(parts_of(event)) if isinstance(event, dict) else ""


def _likeness(stored: str, kind: str, turn: int, sent: str) -> Likeness:
    there, mine = _words(stored[: 2 * MOST_CHARACTERS]), _words(sent[:MOST_CHARACTERS])
    first_there, first_mine, known = there, mine, there
    if len(sent) >= MOST_CHARACTERS:
        # The last word is cut; the words beside it may stand behind the end in the other text.
        mine = mine[:-1]
        there, known = there[: len(mine)], there[: len(mine) + _AT_END]
        first_there, first_mine = there[:-_AT_END], mine[:-_AT_END]
    both = Counter(there) & Counter(mine)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(there, mine, strict=False))
    return Likeness(
        digest(stored),
        kind,
        turn,
        len(there),
        len(mine),
        both.total(),
        sum(1 for _ in same),
        _marks(Counter(first_there) - Counter(mine)),
        _marks(Counter(first_mine) - Counter(known)),
    )


def _marks(words: Iterable[str]) -> tuple[int, ...]:
    return tuple(crc32(word.encode()) & 0xFFFF for word in islice(words, _MOST_MARKS))


def _share(likeness: Likeness) -> float:
    return likeness.kept / max(1, likeness.stored, likeness.sent)


def _words(text: str) -> list[str]:
    return _WORD.findall(normalize("NFKC", text).casefold())
