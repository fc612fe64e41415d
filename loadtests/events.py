"""Reading ADK's events: the reply in a response, the messages in a session.  Pure functions.

BadReply (a ValueError)
    A response that is not a complete reply; the text says why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reports.records import HistoryItem, Seen, digest


class BadReply(ValueError):
    """A response that is not a complete reply."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The agent's final word in a turn."""

    digest: str
    seen: Seen | None


def parts_of(event: Any) -> list[dict[str, Any]]:
    """The parts of an event's content; empty for an event without any."""
    content = event.get("content") if isinstance(event, dict) else None
    parts = content.get("parts") if isinstance(content, dict) else None
    return [part for part in parts or [] if isinstance(part, dict)]


def text_of(event: Any) -> str:
    """All text of an event, thoughts left out."""
    texts = [part.get("text") for part in parts_of(event) if not part.get("thought")]
    return "".join(text for text in texts if isinstance(text, str))


def _shows_text(event: Any) -> bool:
    return event.get("author") != "user" and bool(text_of(event))


def _calls_a_tool(event: Any) -> bool:
    return any("functionCall" in part or "functionResponse" in part for part in parts_of(event))


def final_reply(events: Any) -> Reply:
    """The reply in the events of one turn.  Raises BadReply when there is none."""
    if not isinstance(events, list) or not events:
        raise BadReply("the reply holds no events")
    whole = [
        event
        for event in events
        if isinstance(event, dict) and event.get("author") != "user" and not event.get("partial")
    ]
    if not whole:
        raise BadReply("the reply holds no whole event of the agent")
    last = whole[-1]
    if last.get("errorCode") or last.get("errorMessage"):
        raise BadReply(f"the agent reported {last.get('errorCode')} {last.get('errorMessage')}")
    text = text_of(last)
    if _calls_a_tool(last) or not text.strip():
        raise BadReply("the reply ends without the agent's text")
    return Reply(digest(text), _seen(last))


def _seen(event: dict[str, Any]) -> Seen | None:
    metadata = event.get("customMetadata")
    match metadata.get("diya_seen") if isinstance(metadata, dict) else None:
        case [int(turns), str(rolled)]:
            return Seen(turns, rolled)
        case _:
            return None


class EventStream:
    """Collects the events of a streamed turn, line by line."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._problem: str | None = None
        self.has_text = False
        """Whether an event with text has arrived: the customer sees something."""

    def feed(self, line: bytes) -> None:
        """Take one line of the stream."""
        if not line.startswith(b"data:"):
            return
        try:
            event = json.loads(line[5:])
        except ValueError:
            event = None
        if not isinstance(event, dict):
            self._problem = "the stream holds an event that is not a JSON object"
        elif "error" in event:
            self._problem = f"the stream reported an error: {str(event['error'])[:200]}"
        else:
            self._events.append(event)
            self.has_text = self.has_text or _shows_text(event)

    def reply(self) -> Reply:
        """The reply, once the stream has ended.  Raises BadReply when it holds none."""
        if self._problem:
            raise BadReply(self._problem)
        return final_reply(self._events)


def history(events: Iterable[Any]) -> tuple[HistoryItem, ...]:
    """What a session holds: messages, steps and replies; events without content are left out."""
    items = []
    for event in events:
        parts = parts_of(event)
        if not parts:
            continue
        metadata = event.get("customMetadata")
        turn_id = metadata.get("turn_id") if isinstance(metadata, dict) else None
        turn_id = turn_id if isinstance(turn_id, str) else None
        if _calls_a_tool(event):
            step = digest(json.dumps(parts, sort_keys=True, ensure_ascii=False))
            items.append(HistoryItem(turn_id, "step", step))
        else:
            kind = "message" if event.get("author") == "user" else "reply"
            items.append(HistoryItem(turn_id, kind, digest(text_of(event))))
    return tuple(items)
