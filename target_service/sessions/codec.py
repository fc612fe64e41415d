"""Events and state values as they are stored: JSON, defaults left out (a fifth of the bytes).

In events, one byte replaces each phrase that nearly all of them contain: see `_PHRASES`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from google.adk.events.event import Event
from pydantic_core import to_json

_SURELY_SHALLOW = 100
"""With so few brackets, nesting is below the reader's limit (200); most events have a dozen."""

_PHRASES = tuple(
    (bytes([code]), phrase.encode())
    for code, phrase in {
        # Phrases must come before other phrases that they contain.
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
"""Phrase → byte.  JSON never contains these bytes, so decoding restores every phrase exactly.
Stored histories depend on the table: entries may be added but not changed."""


_to_json = Event.__pydantic_serializer__.to_json


def encode_event(event: Event) -> bytes:
    """One event as JSON.

    Raises ValueError for an event that would make its session unreadable: nested too deep, or
    without a finite timestamp.
    """
    if not math.isfinite(event.timestamp):
        raise ValueError(f"the event's timestamp must be a number, got {event.timestamp}")
    # Equivalent to `model_dump_json`, without the text in between.
    payload = _to_json(event, by_alias=True, exclude_defaults=True)
    if payload.count(b"{") + payload.count(b"[") > _SURELY_SHALLOW:
        decode_event(payload)
    for code, phrase in _PHRASES:
        payload = payload.replace(phrase, code)
    return payload


def decode_event(payload: bytes) -> Event:
    """The inverse of `encode_event`."""
    for code, phrase in _PHRASES:
        payload = payload.replace(code, phrase)
    return Event.model_validate_json(payload)


def digest(payload: bytes) -> str:
    """The digest by which a script recognises an encoded event."""
    return hashlib.sha1(payload, usedforsecurity=False).hexdigest()


def encode_state(state: Mapping[str, Any]) -> list[str | bytes]:
    """Flat `[key, JSON, key, JSON, ...]`; a value that is not JSON is stored as its text."""
    pairs: list[str | bytes] = []
    for key, value in state.items():
        pairs += (key, to_json(value, fallback=str))
    return pairs


def decode_state(flat: Sequence[bytes]) -> dict[str, Any]:
    """A flat list of keys and JSON values back as a dict."""
    if not flat:
        return {}
    # Parsing one array takes about as long as parsing one value.
    values = json.loads(b"[%b]" % b",".join(flat[1::2]))
    return dict(zip([key.decode() for key in flat[::2]], values, strict=True))
