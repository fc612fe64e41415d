"""Copies of sessions: the real service finds them whole and goes on with them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from google.adk.events.event import Event
from google.adk.sessions.session import Session
from google.genai import types

from target_service.sessions.keys import SessionId, keys
from target_service.sessions.prefill import Naming, Prefill
from target_service.sessions.service import RedisSessionService
from tests.target_service.processes import ROOT, RedisServer

pytestmark = pytest.mark.usefixtures("patient_client")

TTL_S = 600.0
NAMING = Naming()
APP = NAMING.app


@pytest.fixture
def prefill(store_server: RedisServer) -> Prefill:
    """The writer of copies."""
    return Prefill(store_server.client, round(TTL_S * 1000), NAMING)


Script = Callable[[RedisSessionService], Awaitable[Any]]


def as_replica(server: RedisServer, script: Script) -> Any:
    """The result of a script with the service of a replica that knows nothing yet."""

    async def play() -> Any:
        service = RedisSessionService(server.uri, ttl_seconds=TTL_S)
        try:
            return await script(service)
        finally:
            await service.close()

    return asyncio.run(play())


def original(server: RedisServer, turns: int) -> Session:
    """The session `first` of `ann`, with so many messages and replies, and state."""

    async def script(service: RedisSessionService) -> Session:
        session = await service.create_session(app_name=APP, user_id="ann", session_id="first")
        for turn in range(turns):
            for author in ("user", "shopmax"):
                text = types.Part(text=f"{author} {turn}")
                content = types.Content(role="user", parts=[text])
                event = Event(author=author, invocation_id=f"e-{turn}", content=content)
                event.actions.state_delta = {"cart": turn}
                await service.append_event(session, event)
        return session

    session = as_replica(server, script)
    assert isinstance(session, Session)
    return session


async def read(service: RedisSessionService, number: int) -> Session:
    """The copy with this number."""
    name = NAMING.of(number)
    session = await service.get_session(
        app_name=name.app, user_id=name.user, session_id=name.session
    )
    assert session is not None
    return session


def found(server: RedisServer, number: int) -> Session:
    """The copy with this number, as a replica reads it."""
    session = as_replica(server, lambda service: read(service, number))
    assert isinstance(session, Session)
    return session


def test_a_copy_holds_the_events_and_state_of_its_original(
    prefill: Prefill, store_server: RedisServer
) -> None:
    first = original(store_server, turns=3)
    assert prefill.take("ann", "first") == 0
    assert prefill.write(7, [(0, 300_000)]) == 1
    copy = found(store_server, 7)
    assert copy.events == first.events
    assert copy.state == {"cart": 2}
    assert copy.last_update_time == pytest.approx(time.time() - 300, abs=20)


def test_the_service_goes_on_with_a_copy_and_slides_its_expiry(
    prefill: Prefill, store_server: RedisServer
) -> None:
    original(store_server, turns=1)
    prefill.take("ann", "first")
    prefill.write(0, [(0, 60_000), (0, 60_000)])

    async def go_on(service: RedisSessionService) -> None:
        await service.append_event(await read(service, 0), Event(author="user", invocation_id="e"))

    as_replica(store_server, go_on)
    assert len((found(store_server, 0)).events) == 3
    assert len((found(store_server, 1)).events) == 2
    slid, other = (keys("diya", NAMING.of(number)) for number in (0, 1))
    assert store_server.client.pttl(slid.events) > 500_000
    assert store_server.client.pttl(other.events) <= 60_000


def test_a_copy_has_the_keys_of_a_real_session(prefill: Prefill, store_server: RedisServer) -> None:
    original(store_server, turns=2)
    prefill.take("ann", "first")
    prefill.write(0, [(0, 300_000)])
    client: Any = store_server.client
    mine, copied = keys("diya", SessionId(APP, "ann", "first")), keys("diya", NAMING.of(0))
    for one, other in ((mine.meta, copied.meta), (mine.events, copied.events)):
        assert client.object("encoding", one) == client.object("encoding", other)
    assert client.lrange(mine.events, 0, -1) == client.lrange(copied.events, 0, -1)
    real, copy = client.hgetall(mine.meta), client.hgetall(copied.meta)
    own = {b"n", b"u"}
    assert {k: v for k, v in real.items() if k not in own} == {
        k: v for k, v in copy.items() if k not in own
    }
    assert len(real[b"n"]) == len(copy[b"n"])
    assert real[b"n"] != copy[b"n"]
    assert set(client.keys("diya:*")) == {
        key.encode()
        for each in (mine, copied)
        for key in (each.meta, each.events, each.index, each.users)
    }


def test_a_copy_expires_with_all_its_keys_at_one_moment(
    prefill: Prefill, store_server: RedisServer
) -> None:
    original(store_server, turns=1)
    prefill.take("ann", "first")
    prefill.write(0, [(0, 123_000)])
    key, client = keys("diya", NAMING.of(0)), store_server.client
    expiries = {client.pexpiretime(each) for each in (key.meta, key.events, key.index)}
    assert len(expiries) == 1
    (moment,) = expiries
    assert client.zscore(key.index, NAMING.of(0).session) == moment
    assert client.zscore(key.users, NAMING.of(0).user) == moment + TTL_S * 250


def test_copies_are_listed_under_their_own_users(
    prefill: Prefill, store_server: RedisServer
) -> None:
    original(store_server, turns=1)
    prefill.take("ann", "first")
    prefill.write(0, [(0, 300_000)] * 1200)
    listed = as_replica(store_server, lambda service: service.list_sessions(app_name=APP))
    names = {(each.user_id, each.id) for each in listed.sessions}
    copies = {(NAMING.of(n).user, NAMING.of(n).session) for n in range(1200)}
    assert names == copies | {("ann", "first")}


def test_a_session_that_does_not_exist_is_no_template(prefill: Prefill) -> None:
    with pytest.raises(ValueError, match="must exist"):
        prefill.take("bob", "none")


def test_a_user_with_state_is_no_template(prefill: Prefill, store_server: RedisServer) -> None:
    state = {"user:name": "Ann"}

    async def script(service: RedisSessionService) -> None:
        session = await service.create_session(
            app_name=APP, user_id="ann", session_id="first", state=state
        )
        await service.append_event(session, Event(author="user", invocation_id="e"))

    as_replica(store_server, script)
    with pytest.raises(ValueError, match="no state"):
        prefill.take("ann", "first")


@pytest.mark.service
@pytest.mark.parametrize(
    ("arguments", "changed", "code", "said"),
    [
        (["--help"], {}, 0, "usage: python -m target_service.sessions.prefill"),
        ([], {}, 104, "diya: config: DIYA_REDIS_URL must be set"),
        (
            [],
            {"DIYA_REDIS_URL": "redis://127.0.0.1:1/0", "DIYA_TTL_SECONDS": "long"},
            104,
            "diya: config: DIYA_TTL_SECONDS must be a number above 0, got 'long'",
        ),
    ],
)
def test_the_process_tells_its_use_and_settings_that_it_cannot_use(
    arguments: list[str], changed: dict[str, str], code: int, said: str
) -> None:
    ours = {key: value for key, value in os.environ.items() if not key.startswith("DIYA_")}
    finished = subprocess.run(
        [sys.executable, "-m", "target_service.sessions.prefill", *arguments],
        cwd=ROOT,
        env={**ours, **changed},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == code
    assert said in (finished.stderr if code else finished.stdout)
    assert "Traceback" not in finished.stderr


def test_the_process_answers_each_line_and_ends_with_its_input(
    store_server: RedisServer,
) -> None:
    original(store_server, turns=1)
    orders = [
        {"take": ["ann", "first"]},
        {"take": ["ann", "none"]},
        {"first": 0, "copies": [[0, 300_000], [0, 300_000]]},
        {"first": 2, "copies": [[5, 300_000]]},
    ]
    finished = subprocess.run(
        [sys.executable, "-m", "target_service.sessions.prefill"],
        input="\n".join(json.dumps(order) for order in orders),
        env={
            **os.environ,
            "DIYA_REDIS_URL": store_server.uri,
            "DIYA_TTL_SECONDS": f"{TTL_S:g}",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=ROOT,
    )
    answers = [json.loads(line) for line in finished.stdout.splitlines()]
    assert answers[0] == {"template": 0}
    assert "must exist" in answers[1]["error"]
    assert answers[2] == {"written": 2}
    assert "IndexError" in answers[3]["error"]
    assert (found(store_server, 1)).state == {"cart": 0}
