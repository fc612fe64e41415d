"""A session service that is wrong on purpose: each replica believes its own cache.

A replica never validates a session that it has read once, so it does not know the turns that other
replicas wrote.  Redis holds everything, but the agent on this replica has forgotten those turns.
"""

from __future__ import annotations

from typing import Any

from google.adk.events.event import Event
from google.adk.sessions.session import Session

from tests.defects.plain import PlainSessions


class StaleCache(PlainSessions):
    """Plain, with a cache of sessions in the replica."""

    def __init__(self, uri: str, ttl_seconds: float) -> None:
        super().__init__(uri, ttl_seconds)
        self._cache: dict[str, Session] = {}

    async def get_session(self, *, session_id: str, **rest: Any) -> Session | None:
        """From the cache where it can; never asks whether that is still true."""
        if session_id not in self._cache:
            session = await super().get_session(session_id=session_id, **rest)
            if session is None:
                return None
            self._cache[session_id] = session
        return self._cache[session_id].model_copy(deep=True)

    async def write(self, session: Session, event: Event) -> None:
        """Add this replica's own writes to the cache."""
        await super().write(session, event)
        if session.id in self._cache:
            self._cache[session.id].events.append(event)

    async def delete_session(self, *, app_name: str, user_id: str, session_id: str) -> None:
        """Forget it here; other replicas do not."""
        self._cache.pop(session_id, None)
        await super().delete_session(app_name=app_name, user_id=user_id, session_id=session_id)


def factory(uri: str, ttl_seconds: float) -> StaleCache:
    """For `--sessions tests.defects.stale_cache:factory`."""
    return StaleCache(uri, ttl_seconds)
