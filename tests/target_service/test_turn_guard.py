"""The guard alone, around small applications that go wrong in every way that one can."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from google.adk.events.event import Event
from google.genai import types
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from target_service import RedisSessionService
from target_service.turns.counts import Counts
from target_service.turns.guard import TurnGuard
from tests.target_service.processes import RedisServer, body

pytestmark = pytest.mark.usefixtures("patient_client")

WHO: dict[str, Any] = {"app_name": "shopmax", "user_id": "u"}
KEY: dict[str, Any] = {**WHO, "session_id": "s"}
App = Callable[[RedisSessionService], Awaitable[Response]]


def said(text: str) -> Event:
    content = types.Content(role="user", parts=[types.Part(text=text)])
    return Event(author="user", invocation_id="i", content=content)


async def append(service: RedisSessionService, text: str) -> None:
    session = await service.get_session(**KEY)
    assert session is not None
    await service.append_event(session, said(text))


async def play(
    server: RedisServer, app: App, *paths: str, **limits: Any
) -> tuple[list[httpx.Response], int]:
    """The answers to requests on these paths, one after the other, and the events stored then."""
    service = RedisSessionService(server.uri, ttl_seconds=60)

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await (await app(service))(scope, receive, send)

    settings = {"lease_ms": 5000, "busy_wait_s": 0.2, "max_in_flight": 2, "default_app": None}
    guard = TurnGuard(inner, sessions=service, counts=Counts(64), **{**settings, **limits})
    server.client.flushall()
    await service.create_session(**KEY)
    transport = httpx.ASGITransport(guard, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://guard") as client:
        wanted = body("u", "s", "hello", "t1")
        answers = [await client.post(path, json=wanted) for path in paths]
    session = await service.get_session(**KEY)
    await service.close()
    return answers, len(session.events) if session else -1


def test_a_turn_that_answers_well_is_stored(bundled: RedisServer) -> None:
    async def app(service: RedisSessionService) -> Response:
        await append(service, "a")
        await append(service, "b")
        return JSONResponse([1])

    (answer,), stored = asyncio.run(play(bundled, app, "/run"))
    assert (answer.status_code, answer.json(), stored) == (200, [1], 2)


@pytest.mark.parametrize("status", [400, 404, 422, 499, 500])
def test_a_turn_that_answers_with_an_error_stores_nothing_and_frees_the_session(
    bundled: RedisServer, status: int
) -> None:
    async def app(service: RedisSessionService) -> Response:
        await append(service, "a")
        return JSONResponse({"detail": "no"}, status_code=status)

    answers, stored = asyncio.run(play(bundled, app, "/run", "/run"))
    assert [answer.status_code for answer in answers] == [status, status]  # the second is not 409
    assert stored == 0


def test_a_turn_that_raises_stores_nothing_and_frees_the_session(bundled: RedisServer) -> None:
    async def app(service: RedisSessionService) -> Response:
        await append(service, "a")
        raise RuntimeError("the model broke")

    answers, stored = asyncio.run(play(bundled, app, "/run", "/run"))
    assert [answer.status_code for answer in answers] == [500, 500]
    assert stored == 0


def test_a_stream_that_ends_in_an_error_stores_nothing_and_still_shows_it(
    bundled: RedisServer,
) -> None:
    lines = [b'data: {"id":"1"}\n\n', b'data: {"error": "the model broke"}\n\n']

    async def app(service: RedisSessionService) -> Response:
        await append(service, "a")
        return StreamingResponse(_each(lines), media_type="text/event-stream")

    answers, stored = asyncio.run(play(bundled, app, "/run_sse", "/run_sse"))
    assert [answer.content for answer in answers] == [b"".join(lines)] * 2
    assert stored == 0


def test_a_stream_that_breaks_off_stores_nothing(bundled: RedisServer) -> None:
    async def broken() -> Any:
        yield b'data: {"id":"1"}\n\n'
        raise RuntimeError("the model broke")

    async def app(service: RedisSessionService) -> Response:
        await append(service, "a")
        return StreamingResponse(broken(), media_type="text/event-stream")

    answers, stored = asyncio.run(play(bundled, app, "/run_sse", "/run_sse"))
    assert all(b'"id"' not in answer.content for answer in answers)  # held back, never released
    assert stored == 0


@pytest.mark.parametrize("path", ["/run", "/run_sse"])
def test_a_turn_that_lost_its_session_is_refused_instead_of_acknowledged(
    bundled: RedisServer, path: str
) -> None:
    async def app(service: RedisSessionService) -> Response:
        await append(service, "a")
        await service.delete_session(**KEY)
        if path == "/run":
            return JSONResponse([1])
        lines = [b'data: {"partial":true}\n\n', b'data: {"id":"final"}\n\n']
        return StreamingResponse(_each(lines), media_type="text/event-stream")

    (answer,), stored = asyncio.run(play(bundled, app, path))
    assert stored == -1
    if path == "/run":
        assert (answer.status_code, answer.headers["x-diya-outcome"]) == (409, "not-run")
        assert answer.headers["retry-after"]
    else:
        shown = [json.loads(line[6:]) for line in answer.text.split("\n\n") if line]
        assert shown[0] == {"partial": True}
        assert shown[1]["error"].startswith("TurnNotStored")
        assert len(shown) == 2


def test_a_text_that_only_looks_partial_is_held_until_the_write(bundled: RedisServer) -> None:
    async def app(service: RedisSessionService) -> Response:
        await append(service, "a")
        await service.delete_session(**KEY)
        line = b'data: {"args":{"partial":true}}\n\n'
        return StreamingResponse(_each([line]), media_type="text/event-stream")

    (answer,), _ = asyncio.run(play(bundled, app, "/run_sse"))
    assert b"args" not in answer.content
    assert b"TurnNotStored" in answer.content


def test_over_its_limit_of_turns_a_replica_refuses_at_once(bundled: RedisServer) -> None:
    async def app(service: RedisSessionService) -> Response:
        return JSONResponse([1])

    (answer,), _ = asyncio.run(play(bundled, app, "/run", max_in_flight=0))
    assert (answer.status_code, answer.headers["x-diya-outcome"]) == (503, "not-run")
    assert answer.headers["retry-after"]


def test_other_paths_pass_untouched(bundled: RedisServer) -> None:
    async def app(service: RedisSessionService) -> Response:
        return JSONResponse([1])

    (answer,), _ = asyncio.run(play(bundled, app, "/list-apps", max_in_flight=0))
    assert answer.status_code == 200


def test_a_long_turn_keeps_its_lease(bundled: RedisServer) -> None:
    async def app(service: RedisSessionService) -> Response:
        await append(service, "a")
        held = []
        for _ in range(4):
            await asyncio.sleep(0.4)
            held.append(bundled.client.exists("diya:l:{shopmax/u}/s"))
        return JSONResponse(held)

    (answer,), stored = asyncio.run(play(bundled, app, "/run", lease_ms=1000))
    assert (answer.json(), stored) == ([1] * 4, 1)


async def _each(lines: list[bytes]) -> Any:
    for line in lines:
        yield line
