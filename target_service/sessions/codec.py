"""Events and state values as they are stored: JSON, defaults left out (a fifth of the bytes)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from google.adk.events.event import Event
from pydantic_core import to_json

_SURELY_SHALLOW = 100
"""So many brackets cannot nest deeper than the reader goes (200); most events have a dozen."""


def encode_event(event: Event) -> bytes:
    """One event as JSON.

    Raises ValueError for an event that could be written and never be read again, and with it its
    session: nested too deep, or without a real time.
    """
    if not math.isfinite(event.timestamp):
        raise ValueError(f"the event's timestamp is {event.timestamp}; a number was expected")
    payload = event.model_dump_json(by_alias=True, exclude_defaults=True).encode()
    if payload.count(b"{") + payload.count(b"[") > _SURELY_SHALLOW:
        decode_event(payload)
    return payload


def decode_event(payload: bytes) -> Event:
    """The event that `encode_event` wrote."""
    return Event.model_validate_json(payload)


def event_mark(event: Event) -> str:
    """What is found inside an encoded event and in no other: its id, as JSON writes it."""
    return f'"id":{json.dumps(event.id, ensure_ascii=False)}'


def encode_state(state: Mapping[str, Any]) -> list[str | bytes]:
    """Flat `[key, JSON, key, JSON, ...]`; what JSON cannot say is stored as its text."""
    pairs: list[str | bytes] = []
    for key, value in state.items():
        pairs += (key, to_json(value, fallback=str))
    return pairs


def select(flat: Sequence[bytes], prefix: bytes) -> list[bytes]:
    """Of a flat list of fields and values, the pairs under this prefix, without it."""
    pairs: list[bytes] = []
    for i in range(0, len(flat), 2):
        if flat[i].startswith(prefix):
            pairs += (flat[i][len(prefix) :], flat[i + 1])
    return pairs


def decode_state(flat: Sequence[bytes], prefix: bytes = b"") -> dict[str, Any]:
    """A flat list of fields and JSON values back as a dict; fields without the prefix are left."""
    return {
        flat[i][len(prefix) :].decode(): json.loads(flat[i + 1])
        for i in range(0, len(flat), 2)
        if flat[i].startswith(prefix)
    }
