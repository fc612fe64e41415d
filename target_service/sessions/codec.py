"""Events and state values as they are stored: JSON, defaults left out (a fifth of the bytes).

In events, what every one of them says is one byte instead of a phrase: see `_PHRASES`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from google.adk.events.event import Event
from pydantic_core import to_json

_SURELY_SHALLOW = 100
"""So many brackets cannot nest deeper than the reader goes (200); most events have a dozen."""

_PHRASES = tuple(
    (bytes([code]), phrase.encode())
    for code, phrase in {
        # Longer ones before those that they contain.
        0x01: '{"content":{"parts":[{"text":"',
        0x02: '{"content":{"parts":[{"functionCall":{"id":"adk-',
        0x03: '{"content":{"parts":[{"functionResponse":{"id":"adk-',
        0x04: '"}],"role":"user"},"invocationId":"e-',
        0x05: '}],"role":"user"},"invocationId":"e-',
        0x06: '"}],"role":"model"},',
        0x07: '}],"role":"model"},',
        0x08: '"invocationId":"e-',
        0x0B: '"customMetadata":{"',
        0x0C: '"actions":{"stateDelta":{',
        0x0E: '},"agentState":null},"nodeInfo":{"path":"',
        0x0F: '"nodeInfo":{"path":"',
        0x10: '"},"longRunningToolIds":null,',
        0x11: ',"longRunningToolIds":null,',
        0x12: '"},"longRunningToolIds":[],',
        0x13: ',"timestamp":',
        0x14: '","author":"',
        0x15: '"modelVersion":"',
        0x16: '"usageMetadata":{"candidatesTokenCount":',
        0x17: 'TokensDetails":[{"modality":"TEXT","tokenCount":',
        0x18: '"promptTokenCount":',
        0x19: '"totalTokenCount":',
        0x1A: '"finishReason":"STOP",',
        0x1B: '"thoughtSignature":"',
    }.items()
)
"""What stands for what.  JSON has no such bytes of its own: what is replaced comes back exactly,
wherever it stood.  No phrase touches the id, which the server must find (`event_mark`).  Histories
are written with these: an entry may be added, and none may be changed."""


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
    for code, phrase in _PHRASES:
        payload = payload.replace(phrase, code)
    return payload


def decode_event(payload: bytes) -> Event:
    """The event that `encode_event` wrote."""
    for code, phrase in _PHRASES:
        payload = payload.replace(code, phrase)
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
