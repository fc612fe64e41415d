"""A session service that is wrong on purpose: nothing it writes ever expires.

The memory findings convict it: keys without a TTL, and memory that does not come back.
"""

from __future__ import annotations

import redis.asyncio

from target_service import RedisSessionService
from target_service.sessions.keys import SessionId, keys
from target_service.sessions.stored import Busy
from target_service.sessions.turn import Turn

_PREFIX = "diya"


class NoTtl(RedisSessionService):
    """Ours in all else, turn guarantees included, so that only memory can convict it."""

    def __init__(self, uri: str, ttl_seconds: float) -> None:
        super().__init__(uri, ttl_seconds, key_prefix=_PREFIX)
        self._plain = redis.asyncio.Redis.from_url(uri, socket_timeout=1)
        create, append = self.store.create, self.store.append

        async def create_for_ever(name: SessionId, **rest: object) -> object:
            answer = await create(name, **rest)  # type: ignore[arg-type]
            await self._persist(name)
            return answer

        async def append_for_ever(name: SessionId, *rest: object, **more: object) -> int:
            revision = await append(name, *rest, **more)  # type: ignore[arg-type]
            await self._persist(name)
            return revision

        self.store.create = create_for_ever  # type: ignore[method-assign, assignment]
        self.store.append = append_for_ever  # type: ignore[method-assign]

    async def begin_turn(
        self, name: SessionId, lease_ms: int, *, owner: str | None = None
    ) -> Turn | Busy:
        """Beginning a turn slides the TTL: undo that too."""
        turn = await super().begin_turn(name, lease_ms, owner=owner)
        await self._persist(name)
        return turn

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._plain.aclose()
        await super().close()

    async def _persist(self, name: SessionId) -> None:
        key = keys(_PREFIX, name)
        for each in (key.meta, key.events, key.index, key.users, key.user_state, key.app_state):
            await self._plain.persist(each)


def factory(uri: str, ttl_seconds: float) -> NoTtl:
    """For `--sessions tests.defects.no_ttl:factory`."""
    return NoTtl(uri, ttl_seconds)
