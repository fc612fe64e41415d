"""A session service that is wrong on purpose: the TTL runs from the creation, never refreshed.

A customer who talks for longer than the TTL loses the conversation in the middle of it.
"""

from __future__ import annotations

from typing import Any

from tests.defects.plain import PlainSessions


class TtlOnce(PlainSessions):
    """Plain, but an append slides nothing."""

    def expire(self, pipe: Any, meta: str, events: str) -> None:
        """Give the list a TTL where it has none yet, and leave the hash's as it is."""
        pipe.pexpire(events, self.ttl_ms, nx=True)


def factory(uri: str, ttl_seconds: float) -> TtlOnce:
    """For `--sessions tests.defects.ttl_once:factory`."""
    return TtlOnce(uri, ttl_seconds)
