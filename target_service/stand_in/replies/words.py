"""A customer's message as a source of values for arguments."""

from __future__ import annotations

import datetime
import random
import re
from functools import cached_property

TOKEN = re.compile(r"(?<![\w-])[\w-]*\d[\w-]*")
"""A word with a digit: an order, a date, an amount."""
_NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-])")
_DIGITS = re.compile(r"\d{1,15}")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_WORD = re.compile(r"\w{3,}")
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_WHOLE_MESSAGE = frozenset(
    (
        *("answer", "body", "comment", "content", "description", "details", "goal", "input"),
        *("instruction", "instructions", "issue", "message", "note", "notes", "problem"),
        *("prompt", "query", "question", "reason", "request", "response", "result", "search"),
        *("summary", "task", "text", "topic"),
    )
)
"""Arguments with such a word in their name get the whole message."""


class Words:
    """The customer's message; the same message and seed give the same values in the same order."""

    def __init__(self, text: str, seed: str) -> None:
        self.text = " ".join(text.split())
        self.rng = random.Random(seed)

    @cached_property
    def tokens(self) -> list[str]:
        """The words with a digit, in order."""
        return TOKEN.findall(self.text)

    @cached_property
    def numbers(self) -> list[float]:
        """The numbers that stand alone, then those inside of words."""
        alone = [float(each) for each in _NUMBER.findall(self.text)]
        return alone + [float(each) for each in _DIGITS.findall(self.text)]

    @cached_property
    def emails(self) -> list[str]:
        """The addresses of e-mail in the message."""
        return _EMAIL.findall(self.text)

    @cached_property
    def dates(self) -> list[str]:
        """The ISO dates in the message."""
        return [each for each in _DATE.findall(self.text) if _is_date(each)]

    def for_name(self, name: str) -> str:
        """A text for the argument `name`: the message, one of its numbers, or one of its words."""
        parts = {part.lower() for part in _PARTS.findall(name)}
        if self.text and parts & _WHOLE_MESSAGE:
            return self.text
        if "email" in parts:
            return self.emails[0] if self.emails else "customer@example.com"
        if "date" in parts and self.dates:
            return self.dates[0]
        if self.tokens:
            return self.tokens[0]
        words = _WORD.findall(self.text)
        return self.rng.choice(words) if words else name or "value"


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
