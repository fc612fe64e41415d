"""The session services that the benchmark compares, each behind the same two verbs."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
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
FLOOR, IN_MEMORY, BARE, TURNS, ADK_REDIS = (
    "null (floor)",
    "ADK InMemory",
    "ours, bare",
    "ours, turns",
    "ADK Redis",
)
_OWN_CALLS = ("create_session", "get_session", "append_event", "begin_turn", "commit_turn")


class NullService(BaseSessionService):
    """Stores nothing and returns the live object: the cost of ADK's Runner alone, the floor."""

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


class Clock:
    """CPU seconds spent inside a service's own calls, since they were last taken."""

    def __init__(self) -> None:
        self._spent = 0.0

    def around(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The same call, its CPU counted: nothing else runs while it waits."""

        @functools.wraps(call)
        async def counted(*args: Any, **kwargs: Any) -> Any:
            begun = time.process_time()
            try:
                return await call(*args, **kwargs)
            finally:
                self._spent += time.process_time() - begun

        return counted

    def take(self) -> float:
        """The CPU seconds spent since the last call."""
        spent, self._spent = self._spent, 0.0
        return spent


Guard = Callable[[str], contextlib.AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Contender:
    """A service and the guard around one turn of it; `guard` takes the session's id."""

    name: str
    service: BaseSessionService
    guard: Guard
    redis_prefix: str | None = None
    """Where its keys are, for the size of a session; None: not in Redis."""
    clock: Clock = field(default_factory=Clock)


def contenders(redis_uri: str, sqlite_path: str) -> list[Contender]:
    """All services, the floor first."""
    return [
        Contender(FLOOR, NullService(), _nothing),
        Contender(IN_MEMORY, InMemorySessionService(), _nothing),
        *ours(redis_uri),
        Contender("ADK SQLite", SqliteSessionService(sqlite_path), _nothing),
        Contender(
            ADK_REDIS,
            AdkRedis(config=RedisSessionServiceConfig(uri=redis_uri, ttl_seconds=7200)),
            _nothing,
            "adk:session:",
        ),
    ]


def ours(redis_uri: str, *, clocked: bool = False) -> list[Contender]:
    """Ours, event by event and with the turn guarantees.

    `clocked`: each with a clock around its own calls.  It costs, so its CPU per turn is not the
    one to compare.
    """
    made = []
    for name, prefix in ((BARE, "bare"), (TURNS, "guarded")):
        prefix += "-clocked" if clocked else ""
        service = RedisSessionService(redis_uri, key_prefix=prefix)
        clock = Clock()
        if clocked:
            for verb in _OWN_CALLS:
                setattr(service, verb, clock.around(getattr(service, verb)))
        guard = functools.partial(_turn, service) if name == TURNS else _nothing
        made.append(Contender(name, service, guard, prefix, clock))
    return made


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
