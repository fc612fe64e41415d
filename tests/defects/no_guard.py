"""A session service that is wrong on purpose: sound storage, but no turn is guarded.

Each event is written as it comes, and nothing knows a turn again: a replica killed in mid-turn
leaves the customer's message without its reply (half-turn), a repeated turn runs twice
(duplicated), and two turns at once interleave or refuse each other.
"""

from __future__ import annotations

from typing import Any

from google.adk.events.event import Event
from google.adk.sessions.base_session_service import (
    BaseSessionService,
    GetSessionConfig,
    ListSessionsResponse,
)
from google.adk.sessions.session import Session

from target_service import RedisSessionService


class NoGuard(BaseSessionService):
    """Hands every call on to ours; because it is not ours, the turn guard stays away."""

    def __init__(self, inner: RedisSessionService) -> None:
        self._inner = inner

    async def create_session(
        self,
        *,
        app_name: str,
        user_id: str,
        state: dict[str, Any] | None = None,
        session_id: str | None = None,
    ) -> Session:
        """As ours."""
        return await self._inner.create_session(
            app_name=app_name, user_id=user_id, state=state, session_id=session_id
        )

    async def get_session(
        self,
        *,
        app_name: str,
        user_id: str,
        session_id: str,
        config: GetSessionConfig | None = None,
    ) -> Session | None:
        """As ours."""
        return await self._inner.get_session(
            app_name=app_name, user_id=user_id, session_id=session_id, config=config
        )

    async def list_sessions(
        self, *, app_name: str, user_id: str | None = None
    ) -> ListSessionsResponse:
        """As ours."""
        return await self._inner.list_sessions(app_name=app_name, user_id=user_id)

    async def delete_session(self, *, app_name: str, user_id: str, session_id: str) -> None:
        """As ours."""
        await self._inner.delete_session(app_name=app_name, user_id=user_id, session_id=session_id)

    async def append_event(self, session: Session, event: Event) -> Event:
        """As ours outside a turn: written at once."""
        return await self._inner.append_event(session, event)

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._inner.close()


def factory(uri: str, ttl_seconds: float) -> NoGuard:
    """For `--sessions tests.defects.no_guard:factory`."""
    return NoGuard(RedisSessionService(uri, ttl_seconds))
