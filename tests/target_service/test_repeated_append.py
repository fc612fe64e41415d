"""An append that is sent again, after a connection broke, is applied once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from target_service import RedisSessionService
from target_service.sessions import codec
from target_service.sessions.store import GONE, STALE
from target_service.sessions.stored import StateChange
from tests.target_service.processes import RedisServer
from tests.target_service.test_redis_sessions import (
    KEY,
    NAME,
    NO_CHANGE,
    filled,
    read,
    said,
    services,
    texts,
)


def append_once(service: RedisSessionService, letter: str) -> Callable[[], Awaitable[int]]:
    """An append that can be sent again and again, as redis-py does when a connection breaks."""
    event = said(letter)
    written = [(event, codec.encode_event(event))]

    async def send() -> int:
        change = StateChange({"n": letter}, {}, {})
        return await service.store.append(NAME, stored, written, change, fence=b"f")

    stored: Any = None

    async def prepare_and_send() -> int:
        nonlocal stored
        stored = stored or await service.store.read(NAME)
        return await send()

    return prepare_and_send


def test_an_append_sent_twice_is_applied_once(store_server: RedisServer) -> None:
    async def scenario() -> None:
        async with services(store_server, 1) as (a,):
            await filled(a, "a")
            send = append_once(a, "b")
            assert [await send(), await send()] == [2, 2]
            assert texts((await read(a)).events) == "ab"

    asyncio.run(scenario())


def test_an_append_sent_again_after_others_wrote_is_not_called_stale(
    store_server: RedisServer,
) -> None:
    async def scenario() -> None:
        async with services(store_server) as (a, b):
            await filled(a, "a")
            send = append_once(a, "b")
            assert await send() == 2
            other = await read(b)
            await b.append_event(other, said("c"))
            # `STALE` would be reported as "certainly did not happen", and it did.
            assert await send() == 2
            session = await read(b)
            assert texts(session.events) == "abc"

    asyncio.run(scenario())


def test_an_append_at_an_old_revision_or_of_another_life_is_refused(
    store_server: RedisServer,
) -> None:
    async def scenario() -> None:
        async with services(store_server, 1) as (a,):
            await filled(a, "a")
            late = append_once(a, "b")
            stored = await a.store.read(NAME)
            assert stored is not None
            event = said("c")
            written = [(event, codec.encode_event(event))]
            await late()
            assert await a.store.append(NAME, stored, written, NO_CHANGE, fence=b"g") == STALE
            await a.delete_session(**KEY)
            assert await late() == GONE
            await filled(a, "z")
            assert await late() == GONE
            assert texts((await read(a)).events) == "z"

    asyncio.run(scenario())
