"""JSON as it goes over the wire; every request pays for it, so it is done by msgspec."""

from __future__ import annotations

import json
from typing import Any

import msgspec

to_bytes = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def parsed(body: bytes) -> Any:
    """The value in `body`.  Raises ValueError when that is no JSON.

    What strict readers refuse and Python's own writes (NaN, half of a surrogate pair) is read.
    """
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(body)
