"""The events of a streamed turn, from the lines of server-sent events."""

from __future__ import annotations

from typing import Any

from loadtests.adk.agent_event import AgentEvent, read, shows_text
from loadtests.adk.event_names import in_camel_case
from loadtests.adk.events import AgentFailed, BadReply, Reply, final_reply
from loadtests.adk.json_codec import MOST_READ, is_page, not_json, parsed

_MARK = b"\xef\xbb\xbf"
"""A byte order mark, with which a stream may begin."""


_OWN = frozenset({"author", "content", "actions", "errorCode", "errorMessage"})
"""An event has one of these; another JSON object is a sign of life."""


class EventStream:
    """Collects the events of a streamed turn, line by line."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        """The events that have arrived."""
        self.told: list[AgentEvent] = []
        """The whole ones among them, read."""
        self._problem: str | None = None
        self._pending: list[bytes] = []
        """Lines of an event that goes on."""
        self._other = b""
        """The beginning of the lines before any event, which may be a page."""
        self._name = b""
        """The name of the present event."""
        self._stray = b""
        """The last line after an event that is none: a server that broke writes its error so."""
        self.has_text = False
        """Whether an event with text has arrived, so that the customer sees something."""

    def feed(self, line: bytes) -> None:
        """Take one line of the stream: an event is one line or more, up to a blank one."""
        if not line.startswith(b"data:"):
            self._feed_other(line)
            return
        if self._pending:
            self._pending.append(line[5:])
            return
        try:
            event = parsed(line[5:])
        except ValueError:
            self._pending.append(line[5:])
            return
        self._take(event)

    def _feed_other(self, line: bytes) -> None:
        if not line.strip():
            if self._pending:
                self._end_event()
            self._name = b""
        elif line.startswith(_MARK):
            self.feed(line.removeprefix(_MARK))
        elif line.startswith(b"event:"):
            self._name = line[6:].strip()
        elif not self.events:
            if len(self._other) < MOST_READ:
                self._other += line
        elif not line.startswith((b":", b"id:", b"retry:")):
            self._stray = line

    def _end_event(self) -> None:
        text = b"".join(self._pending)
        self._pending.clear()
        if text.strip() in (b"", b"[DONE]"):
            return  # a sign of life, or of the end
        try:
            event = parsed(text)
        except ValueError:
            event = _shown(text) if self._name == b"error" else None
        self._take(event)

    def _take(self, event: Any) -> None:
        error = event.get("error") if isinstance(event, dict) else None
        if error or self._name == b"error":
            said = error or (event.get("message") if isinstance(event, dict) else None) or event
            self._problem = f"the stream reported an error: {str(said)[:200]}"
        elif not isinstance(event, dict):
            self._problem = "the stream holds an event that is not a JSON object"
        elif not _OWN.isdisjoint(event := in_camel_case(event)):
            self.events.append(event)
            if event.get("partial"):
                self.has_text = self.has_text or shows_text(event)
            else:
                told = read(event)
                self.told.append(told)
                self.has_text = self.has_text or (not told.by_user and bool(told.text))

    def reply(self, *, whole: bool = True) -> Reply:
        """The reply, once the stream has ended.  Raises BadReply when it holds none.

        `whole`: the stream is known to be complete.
        """
        if self._pending:
            self._end_event()
        if self._problem:
            raise BadReply(self._problem)
        if not self.events:
            page = is_page(self._other)
            raise BadReply(
                not_json("the reply", self._other) if page else "the stream holds no events"
            )
        if not self._stray:
            return final_reply(self.events, whole=whole, told=self.told)
        said = f"after an event the stream says: {_shown(self._stray)[:200]}"
        try:
            reply = final_reply(self.events, whole=whole, told=self.told)
        except AgentFailed:
            raise
        except BadReply as error:
            raise BadReply(f"{error}; {said}") from None
        if reply.digest is None:
            raise BadReply(said)
        return reply


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "replace").strip()
