"""One event of ADK as a customer reads it.  Pure functions.

Every turn reads its events several times (for the reply, the steps, the state), so all that these
readings share is derived once, by `read`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from reports.records import digest

LATER = "+"
"""Separates a turn id from the number of a later request of the same turn."""
_ENDS = frozenset(
    [
        *("MAX_TOKENS", "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "SPII", "OTHER"),
        *("PROHIBITED_CONTENT", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "NO_IMAGE"),
        *("IMAGE_RECITATION", "IMAGE_OTHER"),
    ]
)
"""Normal reasons for a model's stop that ADK also puts in `errorCode` when it streams."""
_NOTHING_SAID = frozenset({"text", "thought", "thoughtSignature"})
"""The fields of a part that say nothing, beside a text: a model signs its thoughts."""


class AgentEvent(Struct, frozen=True, gc=False):
    """One event and what follows from it."""

    fields: dict[str, Any]
    """The event as JSON, its names in camelCase."""
    parts: list[dict[str, Any]]
    by_user: bool
    uses_tool: bool
    """It holds a tool's call or result."""
    text: str
    """All text in the parts, thoughts left out."""
    word: str | None
    """The digest of what it shows to the customer; see `word`."""
    error: str | None
    """None: no error, or the model gave a text before it stopped, for any reason."""

    @property
    def holds_result(self) -> bool:
        """Whether it holds the result of a tool."""
        return any("functionResponse" in part for part in self.parts)

    @property
    def ends_with_tool(self) -> bool:
        """Whether a tool's call or result is meant to be the end of the turn."""
        actions = self.fields.get("actions")
        skips = isinstance(actions, dict) and bool(actions.get("skipSummarization"))
        return skips or bool(self.fields.get("longRunningToolIds"))

    @property
    def turn_id(self) -> str | None:
        """The id of the turn that it belongs to; None when it carries none."""
        return turn_of(self.fields)


def read(event: dict[str, Any]) -> AgentEvent:
    """Read one event."""
    parts = parts_of(event)
    uses_tool, text = _uses_tool(parts), text_of(parts)
    said = _word(parts, text, uses_tool)
    by_user = event.get("author") == "user"
    return AgentEvent(event, parts, by_user, uses_tool, text, said, _error(event, said))


def read_whole(events: Iterable[Any]) -> list[AgentEvent]:
    """Read the whole events, not the partial ones of a stream, nor what is no event."""
    return [read(event) for event in events if isinstance(event, dict) and not event.get("partial")]


def parts_of(event: Any) -> list[dict[str, Any]]:
    """The parts of an event's content; empty for an event without any."""
    content = event.get("content") if isinstance(event, dict) else None
    parts = content.get("parts") if isinstance(content, dict) else None
    return [_without_nulls(part) for part in parts or () if isinstance(part, dict)]


def _without_nulls(part: dict[str, Any]) -> dict[str, Any]:
    """The part without its fields that are null, in which some servers write what is not there."""
    if None in part.values():
        part = {name: value for name, value in part.items() if value is not None}
    for name in ("functionCall", "functionResponse"):
        inner = part.get(name)
        if isinstance(inner, dict) and None in inner.values():
            part = {**part, name: {n: value for n, value in inner.items() if value is not None}}
    return part


def text_of(parts: list[dict[str, Any]]) -> str:
    """All text in the parts of an event, thoughts left out."""
    texts = [part.get("text") for part in parts if not part.get("thought")]
    return "".join([text for text in texts if isinstance(text, str)])


def shows_text(event: dict[str, Any]) -> bool:
    """Whether the customer sees a text in it."""
    return event.get("author") != "user" and bool(text_of(parts_of(event)))


def word(parts: list[dict[str, Any]]) -> str | None:
    """The digest of the text that these parts show to the customer; None without a text.

    Content of another kind, an image or a tool's call, is said too, and has a digest as JSON.
    """
    return _word(parts, text_of(parts), _uses_tool(parts))


def turn_of(event: dict[str, Any]) -> str | None:
    """The id of the turn that an event belongs to; None when it carries none."""
    metadata = event.get("customMetadata")
    turn_id = metadata.get("turn_id") if isinstance(metadata, dict) else None
    return turn_id.partition(LATER)[0] if isinstance(turn_id, str) else None


def _uses_tool(parts: list[dict[str, Any]]) -> bool:
    # A loop: this runs for every event, and `any` over a generator takes four times as long.
    for part in parts:  # noqa: SIM110
        if "functionCall" in part or "functionResponse" in part:
            return True
    return False


def _word(parts: list[dict[str, Any]], text: str, uses_tool: bool) -> str | None:
    if not uses_tool and text.strip():
        return digest(text)
    said = [part for part in parts if not part.get("thought") and set(part) - _NOTHING_SAID]
    return digest(json.dumps(said, sort_keys=True, ensure_ascii=False)) if said else None


def _error(event: dict[str, Any], said: str | None) -> str | None:
    code, message = event.get("errorCode"), event.get("errorMessage")
    if not code and not message:
        return None
    if code and said is not None and (code == event.get("finishReason") or code in _ENDS):
        return None
    return " ".join(str(each) for each in (code, message) if each)
