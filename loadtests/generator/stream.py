"""Streams a worker's records to the master: in batches, in order, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gevent.event import Event

from reports.records import FILES, ArrivalRange, ConversationRecord, Record, to_json

BATCH_BYTES = 64 * 1024
MOST_UNACKNOWLEDGED = 32
"""Batches; with the one being filled, a worker holds at most about 2 MB of records."""


class Stream:
    """A `Recorder` that hands batches to `send`; the master acknowledges each.

    When the master falls behind, `write` waits, so that memory stays bounded; the delay shows in
    the conversation's lag.
    """

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._files: dict[str, list[bytes]] = {}
        self._settled: list[int] = []
        self._ranges: list[tuple[int, int, int]] = []
        self._size = 0
        self._sent = self._acknowledged = 0
        self._room = Event()
        self._room.set()
        self._abandoned = False

    def write(self, record: Record) -> None:
        """Take one record; waits while the master is behind."""
        line = to_json(record) + b"\n"
        self.append(FILES[type(record)], line)
        if isinstance(record, ConversationRecord):
            # Added together with the line, without yielding, so that both are in the same batch.
            self._settled.append(record.conversation)
        elif isinstance(record, ArrivalRange):
            self._ranges.append((record.first, record.count, record.step))
        if self._size >= BATCH_BYTES:
            self.flush()

    def append(self, file: str, line: bytes) -> None:
        """Take one line of a file of the run directory, newline included."""
        self._files.setdefault(file, []).append(line)
        self._size += len(line)

    def flush(self) -> None:
        """Send the records taken so far; waits while the master is behind."""
        while self._files and not self._abandoned:
            if not self._room.is_set():
                self._room.wait()
                continue
            files = {name: b"".join(lines) for name, lines in self._files.items()}
            accounted = {"settled": self._settled, "ranges": self._ranges}
            self._files, self._settled, self._ranges, self._size = {}, [], [], 0
            self._sent += 1
            if self._sent - self._acknowledged >= MOST_UNACKNOWLEDGED:
                self._room.clear()
            self._send({"number": self._sent, "files": files, **accounted})

    def acknowledged(self, number: int) -> None:
        """Take the master's acknowledgement of batch `number` and all before it."""
        self._acknowledged = max(self._acknowledged, number)
        if self._sent - self._acknowledged < MOST_UNACKNOWLEDGED:
            self._room.set()

    def abandon(self) -> None:
        """The master is gone: release waiting writers, and drop all records."""
        self._abandoned = True
        self._files, self._settled, self._ranges = {}, [], []
        self._room.set()
