"""A streamed answer whose lines may hold JSON with or without `data:` before it."""

from __future__ import annotations

from loadtests.adk.event_stream import EventStream

_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")


class Lines(EventStream):
    """Collects the events of a stream of server-sent events, or of one JSON object a line."""

    def feed(self, line: bytes) -> None:
        """Take one line."""
        bare = line.strip() and not line.startswith(_FIELDS)
        super().feed(b"data:" + line if bare else line)
