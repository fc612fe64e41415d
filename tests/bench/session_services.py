"""The session services that the benchmark compares, each behind the same two verbs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from google.adk.integrations.redis import RedisSessionService as AdkRedis
from google.adk.integrations.redis import RedisSessionServiceConfig
from google.adk.sessions.base_session_service import BaseSessionService, ListSessionsResponse
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.adk.sessions.session import Session
from google.adk.sessions.sqlite_session_service import SqliteSessionService

from target_service.sessions.keys import SessionId
from target_service.sessions.service import RedisSessionService
from target_service.sessions.turn import Turn, current

APP, USER = "bench", "user"
LEASE_MS = 2000


class NullService(BaseSessionService):
    """Stores nothing: hands out the live object.  What is left is ADK's Runner, the floor."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    async def create_session(
        self,
        *,
        app_name: str,
        user_id: str,
        state: dict[str, Any] | None = None,
        session_id: str | None = None,
    ) -> Session:
        """A new live object."""
        session = Session(id=str(session_id), app_name=app_name, user_id=user_id)
        self._sessions[session.id] = session
        return session

    async def get_session(
        self, *, app_name: str, user_id: str, session_id: str, config: object = None
    ) -> Session | None:
        """The live object itself."""
        return self._sessions.get(session_id)

    async def list_sessions(
        self, *, app_name: str, user_id: str | None = None
    ) -> ListSessionsResponse:
        """Not measured."""
        raise NotImplementedError

    async def delete_session(self, *, app_name: str, user_id: str, session_id: str) -> None:
        """Not measured."""
        raise NotImplementedError


Guard = Callable[[str], contextlib.AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Contender:
    """A service and what surrounds one turn of it; `guard` takes the session's id."""

    name: str
    service: BaseSessionService
    guard: Guard
    redis_prefix: str | None = None
    """Where its keys are, for the size of a session; None: not in Redis."""


def contenders(redis_uri: str, sqlite_path: str) -> list[Contender]:
    """All services, the floor first."""
    guarded = RedisSessionService(redis_uri, key_prefix="guarded")
    return [
        Contender("null (floor)", NullService(), _nothing),
        Contender("ADK InMemory", InMemorySessionService(), _nothing),
        Contender(
            "ours, bare", RedisSessionService(redis_uri, key_prefix="bare"), _nothing, "bare"
        ),
        Contender("ours, turns", guarded, lambda id_: _turn(guarded, id_), "guarded"),
        Contender("ADK SQLite", SqliteSessionService(sqlite_path), _nothing),
        Contender(
            "ADK Redis",
            AdkRedis(config=RedisSessionServiceConfig(uri=redis_uri, ttl_seconds=7200)),
            _nothing,
            "adk:session:",
        ),
    ]


@contextlib.asynccontextmanager
async def _nothing(_: str) -> AsyncIterator[None]:
    yield


@contextlib.asynccontextmanager
async def _turn(service: RedisSessionService, session_id: str) -> AsyncIterator[None]:
    turn = await service.begin_turn(SessionId(APP, USER, session_id), LEASE_MS)
    assert isinstance(turn, Turn)
    token = current.set(turn)
    try:
        yield
    finally:
        current.reset(token)
    await service.commit_turn(turn)
