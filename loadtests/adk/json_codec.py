"""Encodes and decodes JSON with msgspec, because every request needs it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

to_bytes = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def parsed(body: bytes) -> Any:
    """The value in `body`.  Raises ValueError when it is not JSON.

    Also accepts NaN and lone surrogates, which Python's own encoder writes.
    """
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(body)
