"""A session service that is wrong on purpose: the list of events never expires, the hash does.

Every conversation ends well and leaves its history in Redis for ever.
"""

from __future__ import annotations

from typing import Any

from tests.defects.plain import PlainSessions


class TtlOnOneKey(PlainSessions):
    """Plain, with the TTL forgotten on one of the two keys."""

    def expire(self, pipe: Any, meta: str, events: str) -> None:
        """Slide the TTL of the hash only."""
        pipe.pexpire(meta, self.ttl_ms)


def factory(uri: str, ttl_seconds: float) -> TtlOnOneKey:
    """For `--sessions tests.defects.ttl_on_one_key:factory`."""
    return TtlOnOneKey(uri, ttl_seconds)
