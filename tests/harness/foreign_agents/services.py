"""Session services for `adk api_server`: ADK's own Redis one, which its wheel brings unregistered,
and one in memory whose sessions have UUIDs and nothing else as their ids.
"""

from __future__ import annotations

import uuid
from typing import Any

from google.adk.cli.service_registry import get_service_registry
from google.adk.integrations.redis import RedisSessionService, RedisSessionServiceConfig
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.adk.sessions.session import Session

TTL_S = 5


def _build(uri: str, **_: Any) -> RedisSessionService:
    return RedisSessionService(config=RedisSessionServiceConfig(uri=uri, ttl_seconds=TTL_S))


class OnlyUuids(InMemorySessionService):
    """A table whose key is a UUID that the client must choose."""

    async def create_session(self, *, session_id: str | None = None, **which: Any) -> Session:
        """Create the session.  Raises ValueError unless its id is a UUID."""
        if session_id is None:
            raise ValueError("a session needs an id")
        return await super().create_session(session_id=str(uuid.UUID(session_id)), **which)


get_service_registry().register_session_service("redis", _build)
get_service_registry().register_session_service("uuids", lambda *_, **__: OnlyUuids())
