"""A session service that is wrong on purpose: each turn leaves a little behind, for a day.

The list has a TTL, which each turn renews, so no key is without one; it only grows.
"""

from __future__ import annotations

from google.adk.events.event import Event
from google.adk.sessions.session import Session

from tests.defects.plain import PlainSessions

_BYTES = 480
_DAY_MS = 86_400_000


class SlowLeak(PlainSessions):
    """Plain, with a log of turns that is never cut."""

    async def write(self, session: Session, event: Event) -> None:
        """Store the event, and a line of the log for each reply."""
        await super().write(session, event)
        if event.is_final_response() and event.author != "user":
            async with self.redis.pipeline(transaction=True) as pipe:
                pipe.rpush("plain:log", f"{session.id} {event.id} ".ljust(_BYTES, "."))
                pipe.pexpire("plain:log", _DAY_MS)
                await pipe.execute()


def factory(uri: str, ttl_seconds: float) -> SlowLeak:
    """For `--sessions tests.defects.slow_leak:factory`."""
    return SlowLeak(uri, ttl_seconds)
