"""A session service as one writes it in an afternoon, for the defects to be made from.

A hash and a list for each session, every append written at once and atomically, a sliding TTL on
both keys.  Sound while nothing breaks; it knows no turns, so nothing guards them.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import redis.asyncio
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from google.adk.sessions.base_session_service import (
    BaseSessionService,
    GetSessionConfig,
    ListSessionsResponse,
)
from google.adk.sessions.session import Session

_TIMEOUT_S = 1.0


class PlainSessions(BaseSessionService):
    """Sessions in one Redis.  The methods that defects change are short on purpose."""

    def __init__(self, uri: str, ttl_seconds: float) -> None:
        self.redis = redis.asyncio.Redis.from_url(uri, socket_timeout=_TIMEOUT_S)
        self.ttl_ms = max(1, round(ttl_seconds * 1000))

    def keys(self, app: str, user: str, session: str) -> tuple[str, str]:
        """The hash and the list of a session."""
        name = f"plain:{app}:{user}:{session}"
        return f"{name}:meta", f"{name}:events"

    async def create_session(
        self,
        *,
        app_name: str,
        user_id: str,
        state: dict[str, Any] | None = None,
        session_id: str | None = None,
    ) -> Session:
        """Create a session.  Raises AlreadyExistsError when the id is taken."""
        session_id = session_id or uuid.uuid4().hex
        meta, _ = self.keys(app_name, user_id, session_id)
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.hsetnx(meta, "state", json.dumps(state or {}))
            pipe.pexpire(meta, self.ttl_ms, nx=True)
            created, _ = await pipe.execute()
        if not created:
            raise AlreadyExistsError(f"Session {session_id} already exists.")
        return Session(id=session_id, app_name=app_name, user_id=user_id, state=state or {})

    async def get_session(
        self,
        *,
        app_name: str,
        user_id: str,
        session_id: str,
        config: GetSessionConfig | None = None,
    ) -> Session | None:
        """The whole session, or None."""
        meta, events = self.keys(app_name, user_id, session_id)
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.hget(meta, "state")
            pipe.lrange(events, 0, -1)
            state, stored = await pipe.execute()
        if state is None:
            return None
        return Session(
            id=session_id,
            app_name=app_name,
            user_id=user_id,
            state=json.loads(state),
            events=[Event.model_validate_json(each) for each in stored],
        )

    async def list_sessions(
        self, *, app_name: str, user_id: str | None = None
    ) -> ListSessionsResponse:
        """Nothing: nobody here asks."""
        return ListSessionsResponse(sessions=[])

    async def delete_session(self, *, app_name: str, user_id: str, session_id: str) -> None:
        """Delete both keys."""
        await self.redis.delete(*self.keys(app_name, user_id, session_id))

    async def append_event(self, session: Session, event: Event) -> Event:
        """Append to the handle, and to the stored session."""
        event = await super().append_event(session, event)
        if not event.partial:
            await self.write(session, event)
        return event

    async def write(self, session: Session, event: Event) -> None:
        """Store one event and slide the TTL, all or nothing."""
        meta, events = self.keys(session.app_name, session.user_id, session.id)
        if not await self.redis.exists(meta):
            raise SessionNotFoundError(f"Session {session.id} not found.")
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.hset(meta, "state", json.dumps(session.state))
            pipe.rpush(events, event.model_dump_json(exclude_none=True, by_alias=True))
            self.expire(pipe, meta, events)
            await pipe.execute()

    def expire(self, pipe: Any, meta: str, events: str) -> None:
        """Slide the TTL of both keys."""
        pipe.pexpire(meta, self.ttl_ms)
        pipe.pexpire(events, self.ttl_ms)
