"""Every key expires, and a session expires as a whole."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions

from target_service import RedisSessionService
from target_service.sessions.keys import SessionId
from target_service.sessions.turn import Turn, current
from tests.target_service.processes import RedisServer, wait_until

pytestmark = pytest.mark.usefixtures("patient_client")

WHO: dict[str, Any] = {"app_name": "app", "user_id": "u"}
KEY: dict[str, Any] = {**WHO, "session_id": "s"}
META, EVENTS = "diya:m:{app/u}/s", "diya:e:{app/u}/s"
EVERY_SCOPE = {"app:a": 1, "user:b": 2, "c": 3}


@contextlib.asynccontextmanager
async def service(
    server: RedisServer, ttl_seconds: float, **options: Any
) -> AsyncIterator[RedisSessionService]:
    made = RedisSessionService(server.uri, ttl_seconds=ttl_seconds, **options)
    try:
        yield made
    finally:
        await made.close()


def event() -> Event:
    return Event(author="u", actions=EventActions(state_delta=dict(EVERY_SCOPE)))


def persistent(server: RedisServer) -> list[str]:
    """The keys that would live for ever."""
    found = list(server.client.scan_iter(count=1000))
    assert found
    return [key.decode() for key in found if server.client.pttl(key) < 0]


def expire(server: RedisServer, key: str) -> None:
    server.client.pexpire(key, 1)
    wait_until(lambda: not server.client.exists(key), 10, f"{key} is gone")


async def create_with_state(sessions: RedisSessionService) -> None:
    await sessions.create_session(**WHO, session_id="with state", state=EVERY_SCOPE)


async def append_state(sessions: RedisSessionService) -> None:
    await sessions.append_event(await sessions.create_session(**KEY), event())


async def commit_turn(sessions: RedisSessionService) -> None:
    session = await sessions.create_session(**KEY)
    turn = await sessions.begin_turn(SessionId("app", "u", "s"), 5000)
    assert isinstance(turn, Turn)
    token = current.set(turn)
    await sessions.append_event(session, event())
    current.reset(token)
    await sessions.commit_turn(turn)


async def stay_in_turn(sessions: RedisSessionService) -> None:
    await sessions.create_session(**KEY)
    await sessions.begin_turn(SessionId("app", "u", "s"), 5000)


async def delete(sessions: RedisSessionService) -> None:
    await append_state(sessions)
    await sessions.delete_session(**KEY)


@pytest.mark.parametrize(
    "write", [create_with_state, append_state, commit_turn, stay_in_turn, delete]
)
def test_no_write_leaves_a_key_without_a_ttl(
    store_server: RedisServer, write: Callable[[RedisSessionService], Awaitable[None]]
) -> None:
    async def scenario() -> None:
        async with service(store_server, 60) as sessions:
            await write(sessions)
            assert persistent(store_server) == []

    asyncio.run(scenario())


def test_an_append_and_a_turn_slide_the_ttl_and_a_read_does_not(store_server: RedisServer) -> None:
    def age(key: str) -> None:
        store_server.client.pexpire(key, 20_000)

    def left() -> list[bool]:
        """Whether the session's keys have been slid to their full TTL."""
        return [store_server.client.pttl(key) > 50_000 for key in (META, EVENTS)]

    async def scenario() -> None:
        async with service(store_server, 60) as sessions:
            session = await sessions.create_session(**KEY)
            await sessions.append_event(session, event())
            for key in (META, EVENTS):
                age(key)
            await sessions.get_session(**KEY)
            await sessions.list_sessions(**WHO)
            with pytest.raises(AlreadyExistsError):
                await sessions.create_session(**KEY)
            assert left() == [False, False]
            await sessions.append_event(session, event())
            assert left() == [True, True]
            for key in (META, EVENTS):
                age(key)
            await sessions.begin_turn(SessionId("app", "u", "s"), 100)
            assert left() == [True, True]

    asyncio.run(scenario())


@pytest.mark.parametrize("lost", [META, EVENTS])
@pytest.mark.parametrize("how", ["expired", "evicted"])
def test_a_session_of_which_a_part_is_gone_is_gone_as_a_whole(
    store_server: RedisServer, lost: str, how: str
) -> None:
    async def scenario() -> None:
        async with service(store_server, 60) as sessions:
            session = await sessions.create_session(**KEY)
            await sessions.append_event(session, event())
            if how == "expired":
                expire(store_server, lost)
            else:
                store_server.client.delete(lost)
            with pytest.raises(SessionNotFoundError):
                await sessions.append_event(session, event())
            turn = await sessions.begin_turn(SessionId("app", "u", "s"), 100)
            assert isinstance(turn, Turn)
            assert turn.stored is None
            assert await sessions.get_session(**KEY) is None
            assert (await sessions.list_sessions(**WHO)).sessions == []
            assert not store_server.client.exists(META, EVENTS)
            again = await sessions.create_session(**KEY)
            assert (again.events, again.state) == ([], {"app:a": 1, "user:b": 2})

    asyncio.run(scenario())


def test_a_turn_does_not_bring_back_a_session_that_expired_under_it(
    store_server: RedisServer,
) -> None:
    async def scenario() -> None:
        async with service(store_server, 60) as sessions:
            session = await sessions.create_session(**KEY)
            turn = await sessions.begin_turn(SessionId("app", "u", "s"), 5000)
            assert isinstance(turn, Turn)
            token = current.set(turn)
            await sessions.append_event(session, event())
            current.reset(token)
            expire(store_server, META)
            with pytest.raises(SessionNotFoundError):
                await sessions.commit_turn(turn)
            assert not store_server.client.exists(META, EVENTS)

    asyncio.run(scenario())


def test_sessions_left_alone_expire_and_every_key_drains(store_server: RedisServer) -> None:
    async def scenario() -> None:
        async with service(store_server, 1.0, user_ttl_seconds=1.0) as sessions:
            for number in range(5):
                session = await sessions.create_session(
                    app_name="app", user_id=f"u{number % 2}", session_id=str(number)
                )
                await sessions.append_event(session, event())
            assert store_server.client.dbsize() >= 10
            start = time.monotonic()
            while store_server.client.dbsize():
                assert time.monotonic() < start + 30, store_server.client.keys("*")
                await asyncio.sleep(0.02)
            assert await sessions.get_session(app_name="app", user_id="u0", session_id="0") is None

    asyncio.run(scenario())


def test_the_index_of_a_returning_customer_forgets_expired_sessions(
    store_server: RedisServer,
) -> None:
    async def scenario() -> None:
        async with service(store_server, 0.5) as short, service(store_server, 60) as long:
            for number in range(5):
                await short.create_session(**WHO, session_id=str(number))
            await long.create_session(**WHO, session_id="kept")  # and keeps the index
            await asyncio.sleep(0.6)
            await long.create_session(**WHO, session_id="new")
            left = store_server.client.zrange("diya:i:{app/u}", 0, -1)
            assert {member.rpartition(b"/")[2] for member in left} == {b"kept", b"new"}

    asyncio.run(scenario())


def test_a_ttl_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="ttl_seconds must be above 0, got 0"):
        RedisSessionService("redis://127.0.0.1:1/0", ttl_seconds=0)
