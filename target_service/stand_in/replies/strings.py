"""Texts that a schema allows."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Callable
from typing import Any

from target_service.stand_in.replies import patterns
from target_service.stand_in.replies.errors import Unsatisfiable
from target_service.stand_in.replies.words import Words

_LONGEST = 2000
"""Characters of a text for which the schema has no limit."""


def string(schema: dict[str, Any], words: Words, name: str, nth: int) -> str:
    """A text for the argument `name`, from the customer's message where it fits.

    `nth` counts the texts that were made for the same list: each gets another one.  Raises
    Unsatisfiable.
    """
    low = count(schema.get("minLength")) or 0
    high = count(schema.get("maxLength"))
    most = max(_LONGEST, low) if high is None else high
    if low > most:
        raise Unsatisfiable(f"no text has at least {low} and at most {most} characters")
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        return _matching(pattern, low, most, words, nth)
    made = _FORMATS.get(str(schema.get("format", "")).lower())
    if made is not None:
        text = made(words, nth)
        if low <= len(text) <= most:
            return text
        raise Unsatisfiable(f"no {schema['format']} of {low} to {most} characters was found")
    text = words.for_name(name)
    return _fitted(f"{text} {nth + 1}" if nth else text, low, most, nth)


def count(value: object) -> int | None:
    """A count in a schema; Gemini's own schemas have them as texts (`"3"`)."""
    try:
        return None if value is None or isinstance(value, bool) else int(str(value))
    except ValueError:
        return None


def _matching(pattern: str, low: int, most: int, words: Words, nth: int) -> str:
    if nth == 0:
        try:
            for each in (*words.tokens, *words.emails):
                if low <= len(each) <= most and re.search(pattern, each):
                    return each
        except re.error:
            pass  # `matching` says so
    return patterns.matching(pattern, low, most, words.rng)


def _fitted(text: str, low: int, most: int, nth: int) -> str:
    if len(text) > most:
        end = str(nth + 1) if nth else ""
        return (text[: max(0, most - len(end))] + end)[:most]
    if len(text) < low:
        return (f"{text} " * low)[:low] if text else "x" * low
    return text


def _day(nth: int) -> str:
    return f"2026-11-{nth % 28 + 1:02d}"


def _date(words: Words, nth: int) -> str:
    return words.dates[nth] if nth < len(words.dates) else _day(nth + 7)


def _digest(words: Words, nth: int) -> bytes:
    return hashlib.sha256(f"{words.text} {nth}".encode("utf-8", "replace")).digest()


def _email(words: Words, nth: int) -> str:
    return words.emails[nth] if nth < len(words.emails) else f"customer{nth or ''}@example.com"


_FORMATS: dict[str, Callable[[Words, int], str]] = {
    "date": _date,
    "date-time": lambda words, nth: f"{_date(words, nth)}T10:00:00Z",
    "time": lambda words, nth: f"{10 + nth // 3600 % 10}:{nth // 60 % 60:02d}:{nth % 60:02d}Z",
    "duration": lambda words, nth: f"P{nth + 1}D",
    "email": _email,
    "idn-email": _email,
    "uuid": lambda words, nth: str(uuid.UUID(bytes=_digest(words, nth)[:16], version=4)),
    "uri": lambda words, nth: f"https://example.com/{nth + 1}",
    "url": lambda words, nth: f"https://example.com/{nth + 1}",
    "iri": lambda words, nth: f"https://example.com/{nth + 1}",
    "uri-reference": lambda words, nth: f"/{nth + 1}",
    "iri-reference": lambda words, nth: f"/{nth + 1}",
    "uri-template": lambda words, nth: f"/{nth + 1}/{{id}}",
    "json-pointer": lambda words, nth: f"/{nth + 1}",
    "relative-json-pointer": lambda words, nth: f"{nth + 1}",
    "hostname": lambda words, nth: f"host{nth + 1}.example.com",
    "idn-hostname": lambda words, nth: f"host{nth + 1}.example.com",
    "ipv4": lambda words, nth: f"192.0.2.{nth % 254 + 1}",
    "ipv6": lambda words, nth: f"2001:db8::{nth % 0xFFFF + 1:x}",
    "regex": lambda words, nth: "a" * (nth + 1),
    "byte": lambda words, nth: base64.b64encode(_digest(words, nth)[:6]).decode(),
    "binary": lambda words, nth: base64.b64encode(_digest(words, nth)[:6]).decode(),
    "base64": lambda words, nth: base64.b64encode(_digest(words, nth)[:6]).decode(),
}
"""A text in each format; 192.0.2.0/24, 2001:db8::/32 and example.com belong to nobody."""
