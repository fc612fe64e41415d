"""Events that our service takes once only, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.adk.sessions.base_session_service import GetSessionConfig

from target_service import RedisSessionService
from target_service.sessions.keys import SessionId
from target_service.sessions.turn import Turn, current
from tests.target_service.processes import RedisServer
from tests.target_service.session_services import KEY, got, said, texts

pytestmark = pytest.mark.usefixtures("patient_client")


@contextlib.asynccontextmanager
async def two(server: RedisServer) -> AsyncIterator[tuple[RedisSessionService, ...]]:
    """The services of two replicas, each with a cache of its own."""
    server.client.flushall()
    made = tuple(RedisSessionService(server.uri, ttl_seconds=60) for _ in range(2))
    try:
        yield made
    finally:
        for each in made:
            await each.close()


@pytest.mark.parametrize("where", ["outside of a turn", "within a turn"])
def test_an_event_delivered_again_through_a_limited_read_is_stored_once(
    bundled: RedisServer, where: str
) -> None:
    async def scenario() -> None:
        async with two(bundled) as (a, b):
            session, event = await a.create_session(**KEY), said("a")
            await a.append_event(session, event)
            await a.append_event(session, said("b"))
            # b has seen nothing of the history yet.
            if where == "within a turn":
                turn = await b.begin_turn(SessionId("app", "u", "s"), 5000)
                assert isinstance(turn, Turn)
                current.set(turn)
            nothing = GetSessionConfig(num_recent_events=0)
            limited = await (b if current.get() else a).get_session(**KEY, config=nothing)
            assert limited is not None
            await b.append_event(limited, event.model_copy(deep=True))
            if (running := current.get()) is not None:
                current.set(None)
                await b.commit_turn(running)
            assert texts(await got(a)) == ["a", "b"]

    asyncio.run(scenario())


@pytest.mark.parametrize("bad", ["depth", "time"])
def test_an_event_that_could_be_written_but_not_read_is_refused(
    bundled: RedisServer, bad: str
) -> None:
    def nested(depth: int) -> list[Any]:
        return [nested(depth - 1)] if depth else []

    async def scenario() -> None:
        async with two(bundled) as (a, b):
            session = await a.create_session(**KEY)
            event = said("b", timestamp=float("nan") if bad == "time" else 1.0)
            event.actions.state_delta = {"deep": nested(210 if bad == "depth" else 1)}
            with pytest.raises(ValueError, match=r"recursion limit|a number, got nan"):
                await a.append_event(session, event)
            sound = said("c", timestamp=1.0)
            sound.actions.state_delta = {"deep": nested(150)}
            await a.append_event(session, sound)
            assert texts(await got(b)) == ["c"]

    asyncio.run(scenario())
