"""A session that is created with events: all of them, or no session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.adk.errors.already_exists_error import AlreadyExistsError

from target_service import RedisSessionService
from target_service.sessions.pending_session import Initial, current
from tests.target_service.processes import RedisServer, Replica
from tests.target_service.session_services import KEY, said

pytestmark = pytest.mark.usefixtures("patient_client")


@contextlib.asynccontextmanager
async def services(server: RedisServer) -> AsyncIterator[list[RedisSessionService]]:
    made = [RedisSessionService(server.uri, ttl_seconds=60) for _ in "ab"]
    try:
        yield made
    finally:
        for each in made:
            await each.close()


async def created(service: RedisSessionService, letters: str, announced: int) -> None:
    """As ADK's server does it."""
    token = current.set(Initial(announced))
    try:
        session = await service.create_session(**KEY, state={"a": 1, "user:b": 2, "app:c": 3})
        assert session.state == {"a": 1, "user:b": 2, "app:c": 3}
        for letter in letters:
            await service.append_event(session, said(letter))
        assert [event.author for event in session.events] == ["user"] * len(letters)
    finally:
        current.reset(token)


def test_a_replica_that_dies_before_the_last_event_leaves_nothing(
    store_server: RedisServer,
) -> None:
    async def scenario() -> None:
        async with services(store_server) as (a, b):
            await created(a, "ab", announced=3)
            assert await b.get_session(**KEY) is None
            assert not store_server.client.keys("*")
            await created(b, "abc", announced=3)
            session = await a.get_session(**KEY)
            assert session is not None
            assert len(session.events) == 3
            assert session.state == {"a": 1, "user:b": 2, "app:c": 3}
            assert session.last_update_time == session.events[-1].timestamp
            with pytest.raises(AlreadyExistsError):
                await created(a, "abc", announced=3)
            await a.append_event(session, said("d"))

    asyncio.run(scenario())


def test_exactly_one_of_many_creations_of_a_session_succeeds(store_server: RedisServer) -> None:
    async def scenario() -> None:
        async with services(store_server) as made:
            results = await asyncio.gather(
                *(created(each, "abc", announced=3) for each in made * 5), return_exceptions=True
            )
            assert sum(each is None for each in results) == 1
            assert sum(isinstance(each, AlreadyExistsError) for each in results) == 9
            session = await made[0].get_session(**KEY)
            assert session is not None
            assert len(session.events) == 3

    asyncio.run(scenario())


def test_over_http_a_session_comes_with_its_events_and_only_once(
    pair: tuple[Replica, Replica], user: str
) -> None:
    a, b = pair
    url = f"/apps/shopmax/users/{user}/sessions"
    events = [
        {"author": "user", "content": {"role": "user", "parts": [{"text": text}]}}
        for text in ("Hello", "Where is ORD-58291?")
    ]
    body: dict[str, Any] = {"sessionId": "s", "state": {"tier": "gold"}, "events": events}
    answer = a.http.post(url, json=body)
    assert answer.status_code == 200
    assert len(answer.json()["events"]) == 2
    assert b.http.post(url, json=body).status_code == 409
    kept = b.get(user, "s").json()
    assert kept["state"]["tier"] == "gold"
    assert [event["content"]["parts"][0]["text"] for event in kept["events"]] == [
        "Hello",
        "Where is ORD-58291?",
    ]
    assert b.run(user, "s", "When will it arrive?", "t1").status_code == 200
    # Events that ADK refuses are refused as before, and no session is left.
    events[1]["longRunningToolIds"] = ["x"]
    assert a.http.post(url, json=body | {"sessionId": "t"}).status_code == 400
    assert b.get(user, "t").status_code == 404
