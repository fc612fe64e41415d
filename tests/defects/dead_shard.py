"""A session service that is wrong on purpose: the sessions of one small shard are very slow.

One session in eighty lies there, so that every percentile of the whole stays fine.
"""

from __future__ import annotations

import asyncio
from typing import Any

from google.adk.sessions.session import Session

from tests.defects.plain import PlainSessions

_EVERY = 80
_PLACE = 30
_SLOW_S = 2.5


class DeadShard(PlainSessions):
    """Plain, but reads of some sessions wait until a time-out would have ended."""

    async def create_session(self, **which: Any) -> Session:
        """Create the session, perhaps on the slow shard.  Raises AlreadyExistsError."""
        session = await super().create_session(**which)
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.incr("plain:sessions")
            pipe.pexpire("plain:sessions", self.ttl_ms)
            number, _ = await pipe.execute()
        if number % _EVERY == _PLACE:
            await self.redis.set(f"plain:slow:{session.id}", "1", px=self.ttl_ms)
        return session

    async def get_session(self, *, session_id: str, **rest: Any) -> Session | None:
        """The whole session, or None; late where it lies on the slow shard."""
        if await self.redis.exists(f"plain:slow:{session_id}"):
            await asyncio.sleep(_SLOW_S)
        return await super().get_session(session_id=session_id, **rest)


def factory(uri: str, ttl_seconds: float) -> DeadShard:
    """For `--sessions tests.defects.dead_shard:factory`."""
    return DeadShard(uri, ttl_seconds)
