"""Encodes and decodes JSON with msgspec, because every request needs it."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import msgspec

to_bytes = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_HTML = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
MOST_READ = 16_384
"""This many bytes of an answer are searched for a page and its title."""
_MOST_SHOWN = 80


def is_page(body: bytes) -> bool:
    """Whether an answer is an HTML page."""
    return bool(_HTML.match(body[:MOST_READ]))


def not_json(what: str, body: bytes) -> str:
    """The sentence for an answer that is not JSON, with the title of a page in its place."""
    begin = body[:MOST_READ]
    if not is_page(begin):
        return f"{what} is not JSON"
    title = _TITLE.search(begin.decode(errors="replace"))
    named = " ".join(html.unescape(title[1]).split()) if title else ""
    shown = f', titled "{named[:_MOST_SHOWN]}"' if named else ""
    return f"{what} is an HTML page{shown}, not JSON"


def parsed(body: bytes) -> Any:
    """The value in `body`.  Raises ValueError when it is not JSON.

    Also accepts NaN and lone surrogates, which Python's own encoder writes.
    """
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(body)
