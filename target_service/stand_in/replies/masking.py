"""Messages that differ only in their numbers: the recorded reply to one serves the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from target_service.model.witness import digest
from target_service.stand_in.replies.words import TOKEN

_MASK = "#"
_DIGITS = re.compile(r"\d+")
_TELLING_DIGITS = 3
"""A shorter number means other things too: 2 days."""


def masked(text: str) -> str:
    """The text with a mark in the place of each word that has a digit."""
    return TOKEN.sub(_MASK, text.strip())


def tokens(texts: Iterable[str]) -> list[str]:
    """The words with a digit, each once, in the order in which they were said."""
    return list(dict.fromkeys(word for text in texts for word in TOKEN.findall(text)))


def chain(texts: Iterable[str]) -> str:
    """One digest of all texts."""
    return digest("\n".join(digest(text) for text in texts))


def renaming(then: list[str], now: list[str]) -> dict[str, str]:
    """Each word of a recorded conversation -> the word in its place in this one.

    The last ones correspond where their numbers differ: a conversation may be shown from its
    middle on.
    """
    count = min(len(then), len(now))
    if not count:
        return {}
    renamed = dict(zip(then[-count:], now[-count:], strict=True))
    for old, new in list(renamed.items()):
        # A tool may be called with the number alone.
        old_digits, new_digits = _DIGITS.findall(old), _DIGITS.findall(new)
        if len(old_digits) == len(new_digits) == 1 and len(old_digits[0]) >= _TELLING_DIGITS:
            renamed.setdefault(old_digits[0], new_digits[0])
    return {old: new for old, new in renamed.items() if old != new}


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """The value with every such word in its texts, and every such whole number, renamed."""
    if not names:
        return value
    if isinstance(value, str):
        return TOKEN.sub(lambda found: names.get(found[0], found[0]), value)
    if isinstance(value, dict):
        return {key: renamed(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [renamed(each, names) for each in value]
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and names.get(str(value), "").isdigit()
    ):
        return int(names[str(value)])
    return value
