"""How many tokens a text is: an estimate, the same for every model."""

from __future__ import annotations

from typing import Any

import msgspec

_BYTES_PER_TOKEN = 4
"""Of UTF-8; tokenizers need about one token for four bytes of English prose."""
OF_A_MEDIUM = 258
"""Gemini's price of an image, for every part that is no text."""


def of_text(text: str) -> int:
    """Tokens of a text; 0 only when it is empty."""
    return _of_bytes(len(text) if text.isascii() else len(text.encode("utf-8", "replace")))


def of_value(value: Any) -> int:
    """Tokens of a JSON value, written without spaces."""
    return _of_bytes(len(msgspec.json.encode(value)))


def _of_bytes(count: int) -> int:
    return -(-count // _BYTES_PER_TOKEN)
