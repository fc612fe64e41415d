"""The answer of a probe in words, for sentences and records."""

from __future__ import annotations

from typing import Any


def answer_text(value: Any) -> str:
    """The answer as Python writes it; of an HTTP call the status and the body.

    The headers are left out: a target's cookies and the like are secrets that no file names.
    """
    if isinstance(value, dict) and {"status", "headers", "body"} <= value.keys():
        return repr({"status": value["status"], "body": value["body"]})
    return repr(value)


def cut(text: str, most: int) -> str:
    """The text; of a longer one its beginning, with a mark."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
