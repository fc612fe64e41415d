"""The prefixes of histories that this replica has read or written, bounded in bytes.

The event log is append-only, so a prefix stays valid whichever replica appends after it.  The
server validates every read (nonce, fence and last event); a cached prefix is never trusted.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from google.adk.events.event import Event

from target_service.sessions.keys import SessionId

_PARSED_FACTOR = 12
"""Bytes of memory of a parsed event per byte of its JSON, roughly."""
_ENTRY_BYTES = 1000
"""Bytes of an entry without events, counted so that empty sessions are bounded too."""


@dataclass(frozen=True, slots=True)
class CacheStats:
    """The cache's hits and misses since the start, and its present size."""

    hits: int
    """Reads that only fetched the events after a valid cached prefix."""
    misses: int
    """Reads that fetched a whole history."""
    entries: int
    bytes: int
    """Memory, estimated."""


@dataclass(slots=True)
class Prefix:
    """The first events of one creation of a session."""

    nonce: bytes
    events: list[Event]
    fence: bytes
    """The fence at this length; the server still has it if nothing was appended since."""
    last: str
    """`codec.digest` of the last event; empty without events."""
    json_bytes: int = 0
    ids: set[str] = field(default_factory=set)
    """The ids of the events, and perhaps more: check the events before relying on one."""

    def cost(self) -> int:
        """Bytes of memory, estimated."""
        return _ENTRY_BYTES + self.json_bytes * _PARSED_FACTOR


class PrefixCache:
    """Least recently used prefixes, at most `limit_bytes` of them (estimated)."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._entries: OrderedDict[SessionId, Prefix] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def stats(self) -> CacheStats:
        """Hits and misses, entries and bytes."""
        return CacheStats(self.hits, self.misses, len(self._entries), self._size)

    def get(self, name: SessionId) -> Prefix | None:
        """The cached prefix of this session, for the server to validate."""
        entry = self._entries.get(name)
        if entry is not None:
            self._entries.move_to_end(name)
        return entry

    def put(self, name: SessionId, prefix: Prefix) -> None:
        """Keep this prefix, dropping the least recently used ones over the limit."""
        self.drop(name)
        self._entries[name] = prefix
        self._size += prefix.cost()
        while self._size > self._limit and self._entries:
            _, old = self._entries.popitem(last=False)
            self._size -= old.cost()

    def drop(self, name: SessionId) -> None:
        """Forget this session."""
        old = self._entries.pop(name, None)
        if old is not None:
            self._size -= old.cost()
