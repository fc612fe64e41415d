"""A session service that is wrong on purpose: an append is two calls to Redis.

The events go first; their count, with the TTL, follows.  A replica that is killed between the two
leaves an inconsistent session, and all its acknowledged turns are lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import redis.asyncio
from google.adk.events.event import Event

from target_service import RedisSessionService
from target_service.sessions import codec
from target_service.sessions.keys import SessionId, keys
from target_service.sessions.stored import Place, StateChange

_PREFIX = "diya"
_BETWEEN_S = 0.8
"""A replica that is busy: the second call has to wait for its turn."""


class TornAppend(RedisSessionService):
    """Ours in all else, turn guarantees included, so that only the append can convict it."""

    def __init__(self, uri: str, ttl_seconds: float) -> None:
        super().__init__(uri, ttl_seconds, key_prefix=_PREFIX)
        self._plain = redis.asyncio.Redis.from_url(uri, socket_timeout=1)
        self._ttl_ms = round(ttl_seconds * 1000)
        self.store.append = self._append  # type: ignore[method-assign]

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._plain.aclose()
        await super().close()

    async def _append(
        self,
        name: SessionId,
        place: Place,
        events: Sequence[tuple[Event, bytes]],
        state: StateChange,
        *,
        fence: bytes,
        owner: str = "",
    ) -> int:
        key = keys(_PREFIX, name)
        await self._plain.rpush(key.events, *(payload for _, payload in events))
        await asyncio.sleep(_BETWEEN_S)
        revision = place.revision + len(events)
        pairs = codec.encode_state({f"s{name}": value for name, value in state.session.items()})
        counted = ["r", revision, "u", repr(events[-1][0].timestamp), "f", fence, *pairs]
        async with self._plain.pipeline(transaction=True) as pipe:
            pipe.hset(key.meta, items=counted)
            pipe.pexpire(key.meta, self._ttl_ms)
            pipe.pexpire(key.events, self._ttl_ms)
            pipe.delete(key.lease)
            await pipe.execute()
        return revision


def factory(uri: str, ttl_seconds: float) -> TornAppend:
    """For `--sessions tests.defects.torn_append:factory`."""
    return TornAppend(uri, ttl_seconds)
