"""Promises of our session service beyond ADK's contract: revisions, repetition, its cache."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
from google.adk.errors import StaleSessionError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from google.adk.sessions.session import Session
from google.genai import types
from redis.exceptions import TimeoutError as RedisTimeoutError

from target_service import RedisSessionService
from target_service.sessions import codec
from target_service.sessions.keys import SessionId
from target_service.sessions.stored import Busy, StateChange
from target_service.sessions.turn import Turn, current
from tests.target_service.processes import RedisServer, wait_until

WHO: dict[str, Any] = {"app_name": "app", "user_id": "u"}
KEY: dict[str, Any] = {**WHO, "session_id": "s"}
NAME = SessionId("app", "u", "s")
NO_CHANGE = StateChange({}, {}, {})


@contextlib.asynccontextmanager
async def services(
    server: RedisServer, count: int = 2, **options: Any
) -> AsyncIterator[list[RedisSessionService]]:
    """As many replicas' services as wanted, each with a cache of its own."""
    made = [RedisSessionService(server.uri, ttl_seconds=60, **options) for _ in range(count)]
    try:
        yield made
    finally:
        for each in made:
            await each.close()


def said(text: str, **fields: Any) -> Event:
    content = types.Content(role="user", parts=[types.Part(text=text)])
    return Event(author="user", invocation_id="i", content=content, **fields)


def texts(events: list[Event]) -> str:
    return "".join(event.content.parts[0].text for event in events)  # type: ignore[union-attr, index, misc]


async def read(service: RedisSessionService) -> Session:
    session = await service.get_session(**KEY)
    assert session is not None
    return session


async def filled(service: RedisSessionService, letters: str) -> Session:
    """A new session that holds one event a letter."""
    session = await service.create_session(**KEY)
    for letter in letters:
        await service.append_event(session, said(letter))
    return session


async def begun(service: RedisSessionService, lease_ms: int = 5000) -> Turn:
    turn = await service.begin_turn(NAME, lease_ms)
    assert isinstance(turn, Turn)
    return turn


async def append_in(turn: Turn, service: RedisSessionService, *letters: str) -> None:
    token = current.set(turn)
    try:
        session = await read(service)
        for letter in letters:
            await service.append_event(session, said(letter))
    finally:
        current.reset(token)


def test_appending_to_a_session_that_another_replica_changed_is_stale(
    store_server: RedisServer,
) -> None:
    async def scenario() -> None:
        async with services(store_server) as (a, b):
            mine = await filled(a, "a")
            await b.append_event(await read(b), said("b"))
            with pytest.raises(StaleSessionError):
                await a.append_event(mine, said("c"))
            assert texts(mine.events) == "a"
            await a.append_event(await read(a), said("c"))
            assert texts((await read(b)).events) == "abc"

    asyncio.run(scenario())


def test_exactly_one_of_many_writers_at_one_revision_wins(store_server: RedisServer) -> None:
    async def scenario() -> None:
        async with services(store_server) as (a, b):
            await filled(a, "a")
            handles = [(service, await read(service)) for service in (a, b) * 5]
            appends = [service.append_event(each, said("x")) for service, each in handles]
            results = await asyncio.gather(*appends, return_exceptions=True)
            assert sum(isinstance(each, Event) for each in results) == 1
            assert sum(isinstance(each, StaleSessionError) for each in results) == 9
            assert texts((await read(a)).events) == "ax"

    asyncio.run(scenario())


def test_a_handle_to_an_earlier_life_of_the_session_writes_nothing(
    store_server: RedisServer,
) -> None:
    async def scenario() -> None:
        async with services(store_server) as (a, b):
            old = await filled(a, "a")
            await b.delete_session(**KEY)
            await filled(b, "z")  # the same id, the same revision
            with pytest.raises(SessionNotFoundError):
                await a.append_event(old, said("b"))
            assert texts((await read(a)).events) == "z"

    asyncio.run(scenario())


def test_writes_deletions_and_recreations_elsewhere_are_seen_despite_the_cache(
    store_server: RedisServer,
) -> None:
    async def scenario() -> None:
        async with services(store_server) as (a, b):
            await filled(a, "ab")
            assert texts((await read(b)).events) == "ab"
            await a.append_event(await read(a), said("c"))
            assert texts((await read(b)).events) == "abc"
            assert b.store.cache.hits == 1
            await a.delete_session(**KEY)
            assert await b.get_session(**KEY) is None
            await filled(a, "xyz")
            assert texts((await read(b)).events) == "xyz"
            await a.delete_session(**KEY)
            await filled(a, "pqrst")  # without b having looked in between
            assert texts((await read(b)).events) == "pqrst"

    asyncio.run(scenario())


def test_a_recreated_session_with_equal_event_ids_is_another_session(
    store_server: RedisServer,
) -> None:
    async def scenario() -> None:
        async with services(store_server) as (a, b):
            for text in ("old", "new"):
                session = await a.create_session(**KEY)
                await a.append_event(session, said(text, id="fixed"))
                assert texts((await read(b)).events) == text
                await a.delete_session(**KEY)

    asyncio.run(scenario())


def test_a_caller_s_changes_of_a_session_do_not_reach_the_cache(
    store_server: RedisServer,
) -> None:
    async def scenario() -> None:
        async with services(store_server, 1) as (a,):
            await filled(a, "abc")
            (await read(a)).events.clear()
            assert texts((await read(a)).events) == "abc"
            assert a.store.cache.hits == 1

    asyncio.run(scenario())


def test_the_cache_follows_a_server_that_lost_its_last_writes(
    store_server: RedisServer,
) -> None:
    async def scenario() -> None:
        async with services(store_server) as (a, b):
            await filled(a, "ab")
            kept = {key: store_server.client.dump(key) for key in store_server.client.keys("*")}
            await a.append_event(await read(a), said("c"))
            assert texts((await read(a)).events) == "abc"
            for key, value in kept.items():
                store_server.client.restore(key, 60_000, value, replace=True)
            await b.append_event(await read(b), said("d"))
            assert texts((await read(a)).events) == "abd"
            await b.append_event(await read(b), said("e"))
            assert texts((await read(a)).events) == "abde"

    asyncio.run(scenario())


@pytest.mark.parametrize("loss", ["drop", "recreate"])
def test_a_cache_that_changes_while_the_answer_is_on_its_way_cuts_no_history(
    store_server: RedisServer, loss: str
) -> None:
    async def scenario() -> None:
        async with services(store_server, 1) as (a,):
            await filled(a, "abc")
            await read(a)
            asked = asyncio.create_task(a.store.read(NAME))
            await asyncio.sleep(0)  # the offer is made, the answer has not come
            entry = a.store.cache.get(NAME)
            assert entry is not None
            a.store.cache.drop(NAME)
            if loss == "recreate":
                entry.nonce, others = b"another", [said("x"), said("y"), said("z")]
                a.store.cache.put(NAME, type(entry)(b"another", others, b"", ""))
            stored = await asked
            assert stored is not None
            assert texts(stored.events) == "abc"

    asyncio.run(scenario())


def test_a_cache_too_small_for_anything_changes_no_answer(store_server: RedisServer) -> None:
    async def scenario() -> None:
        async with services(store_server, 1, cache_bytes=1) as (a,):
            await filled(a, "abc")
            assert [texts((await read(a)).events) for _ in range(2)] == ["abc", "abc"]
            assert a.store.cache.hits == 0

    asyncio.run(scenario())


def test_the_cache_is_bounded_even_by_sessions_without_events(store_server: RedisServer) -> None:
    async def scenario() -> None:
        async with services(store_server, 1, cache_bytes=10_000) as (a,):
            names = [SessionId("app", "u", str(number)) for number in range(50)]
            for name in names:
                await a.create_session(**WHO, session_id=name.session)
                await a.store.read(name)
            assert 0 < sum(a.store.cache.get(name) is not None for name in names) <= 10

    asyncio.run(scenario())


def test_a_turn_is_invisible_until_it_is_committed_whole(store_server: RedisServer) -> None:
    async def scenario() -> None:
        async with services(store_server) as (a, b):
            await filled(a, "a")
            turn = await begun(a)
            await append_in(turn, a, "b", "c")
            assert texts((await read(b)).events) == "a"
            await a.commit_turn(turn)
            assert texts((await read(b)).events) == "abc"
            abandoned = await begun(a)
            await append_in(abandoned, a, "d")
            await a.abandon_turn(abandoned)
            assert texts((await read(b)).events) == "abc"
            assert isinstance(await b.begin_turn(NAME, 5000), Turn)  # the lease was given back

    asyncio.run(scenario())


def test_a_turn_of_a_thousand_events_and_more_is_one_write(store_server: RedisServer) -> None:
    async def scenario() -> None:
        async with services(store_server) as (a, b):
            await filled(a, "")
            turn = await begun(a)
            written = [said(str(number % 10)) for number in range(2345)]
            turn.written += [(event, codec.encode_event(event)) for event in written]
            await a.commit_turn(turn)
            assert (await read(b)).events == written

    asyncio.run(scenario())


def test_a_second_turn_waits_for_the_lease_of_the_first(store_server: RedisServer) -> None:
    async def scenario() -> None:
        async with services(store_server) as (a, b):
            await filled(a, "a")
            turn = await begun(a, lease_ms=4000)
            busy = await b.begin_turn(NAME, 4000)
            assert isinstance(busy, Busy)
            assert 1000 < busy.remaining_ms <= 4000
            await append_in(turn, a, "b")
            await a.commit_turn(turn)
            assert isinstance(await b.begin_turn(NAME, 4000), Turn)

    asyncio.run(scenario())


@pytest.mark.parametrize("second", ["running", "committed", "abandoned", "none"])
def test_a_turn_that_outlived_its_lease_commits_only_if_no_other_turn_has_begun(
    store_server: RedisServer, second: str
) -> None:
    async def scenario() -> None:
        async with services(store_server) as (a, b):
            await filled(a, "a")
            first = await begun(a, lease_ms=1)
            await append_in(first, a, "b")
            wait_until(lambda: not store_server.client.exists("diya:l:{app/u}/s"), 10, "expired")
            if second != "none":
                other = await begun(b)
                await append_in(other, b, "x")
                if second == "committed":
                    await b.commit_turn(other)
                elif second == "abandoned":
                    await b.abandon_turn(other)
            if second == "none":
                await a.commit_turn(first)
            else:
                with pytest.raises(StaleSessionError):
                    await a.commit_turn(first)
            if second == "running":
                await b.commit_turn(other)
            expected = {"none": "ab", "abandoned": "a"}.get(second, "ax")
            assert texts((await read(a)).events) == expected

    asyncio.run(scenario())


def test_a_frozen_server_ends_every_call_in_two_seconds_with_a_redis_error(
    bundled: RedisServer,
) -> None:
    async def timed(call: Awaitable[object]) -> float:
        start = asyncio.get_running_loop().time()
        with pytest.raises(RedisTimeoutError):
            await call
        return asyncio.get_running_loop().time() - start

    async def scenario() -> None:
        async with services(bundled, 1) as (a,):
            session = await filled(a, "a")
            with bundled.frozen():
                times = await asyncio.gather(
                    timed(a.get_session(**KEY)),
                    timed(a.create_session(**WHO)),
                    timed(a.append_event(session, said("b"))),
                    timed(a.delete_session(**KEY)),
                    timed(a.list_sessions(**WHO)),
                    timed(a.get_user_state(**WHO)),
                    timed(a.begin_turn(NAME, 1000)),
                )
            assert max(times) < 3.0

    bundled.client.flushall()
    asyncio.run(scenario())
