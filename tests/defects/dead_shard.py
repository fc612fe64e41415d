"""A session service that is wrong on purpose: the sessions of one small shard are very slow.

One session in eighty lies there, so that every percentile of the whole stays fine.
"""

from __future__ import annotations

import asyncio
from typing import Any

from google.adk.events.event import Event
from google.adk.sessions.session import Session

from tests.defects.plain import PlainSessions

_EVERY = 80
_PLACE = 30
_SLOW_S = 4.0
"""Beyond the profile's limit on latency, and well within its TTL: a session that expires while its
shard makes it wait would be a lost one."""


class DeadShard(PlainSessions):
    """Plain, but on some sessions the customer's message waits before it is stored.

    It is stored once a turn, while `/run_sse` reads the session twice: slow reads would add up.
    """

    async def create_session(self, **which: Any) -> Session:
        """Create the session, perhaps on the slow shard.  Raises AlreadyExistsError."""
        session = await super().create_session(**which)
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.incr("plain:sessions")
            pipe.pexpire("plain:sessions", self.ttl_ms)
            number, _ = await pipe.execute()
        if number % _EVERY == _PLACE:
            mark = _mark(session.app_name, session.user_id, session.id)
            await self.redis.set(mark, "1", px=self.ttl_ms)
        return session

    async def delete_session(self, *, app_name: str, user_id: str, session_id: str) -> None:
        """Delete the session and the mark of its shard."""
        await super().delete_session(app_name=app_name, user_id=user_id, session_id=session_id)
        await self.redis.delete(_mark(app_name, user_id, session_id))

    async def write(self, session: Session, event: Event) -> None:
        """Store one event; the customer's message late where it lies on the slow shard."""
        mark = _mark(session.app_name, session.user_id, session.id)
        if await self.redis.pexpire(mark, self.ttl_ms) and event.author == "user":
            await asyncio.sleep(_SLOW_S)
            await self.redis.pexpire(mark, self.ttl_ms)
        await super().write(session, event)


def _mark(app: str, user: str, session: str) -> str:
    return f"plain:slow:{app}:{user}:{session}"


def factory(uri: str, ttl_seconds: float) -> DeadShard:
    """For `--sessions tests.defects.dead_shard:factory`."""
    return DeadShard(uri, ttl_seconds)
