"""Real parts, small: a real Redis-protocol server, a real Envoy, toy replicas."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chaos.fleet.active_faults import ActiveFaults
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.redis_server import RedisServer
from chaos.fleet.undoing import UndoKeeper
from tests import tools

REDIS = os.environ.get("DIYA_TEST_REDIS", "bundled")
"""`system` plays the same tests on the redis-server of this machine."""
TOY = (sys.executable, str(Path(__file__).parent / "toy_replica.py"))

KINDS = tools.SERVERS
"""The kinds of server; a test over them calls `need` first."""


def need(kind: str) -> None:
    """Skip, or fail in CI, when there is no such server here."""
    if kind == "system":
        tools.require("redis-server")


NO_FLEET: Any = SimpleNamespace(process_env=os.environ, headers_for=lambda _: {})
"""For probes that ask a page or a program, and no fleet."""


def no_replicas(keeper: UndoKeeper | None = None) -> Any:
    """A system under test without replicas, for actions that are the user's own."""
    return SimpleNamespace(
        active_faults=ActiveFaults(),
        wait_balanced=lambda _: None,
        capabilities=frozenset(),
        process_env=os.environ,
        headers_for=lambda _: {},
        undo_keeper=keeper,
    )


MakeFleet = Callable[..., ProcessFleet]


@pytest.fixture
def make_fleet(tmp_path: Path) -> Iterator[MakeFleet]:
    """Plan fleets of toy replicas, and stop them at the end."""
    fleets: list[ProcessFleet] = []

    def make(**options: Any) -> ProcessFleet:
        options = {"replicas": 3, "redis": REDIS, "replica_command": TOY, **options}
        fleet = ProcessFleet(tmp_path / f"fleet{len(fleets)}", uuid.uuid4().hex[:12], **options)
        fleets.append(fleet)
        return fleet

    yield make
    for fleet in fleets:
        fleet.stop()


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessFleet]:
    """One fleet of three toy replicas for all tests that leave it whole, or can be mended."""
    directory = tmp_path_factory.mktemp("standing")
    run_id = uuid.uuid4().hex[:12]
    with ProcessFleet(directory, run_id, replicas=3, redis=REDIS, replica_command=TOY) as fleet:
        yield fleet


@pytest.fixture
def fleet(standing: ProcessFleet) -> ProcessFleet:
    """A ready fleet, which the test may hurt but not stop or close."""
    if standing.balancer.pid is None:
        standing.start()
    assert isinstance(standing.redis, RedisServer)
    if not standing.redis.running:
        standing.redis.start()
        standing.redis.wait_ready()
    for replica in standing.replicas.values():
        if not replica.running:
            replica.start()
    standing.wait_ready(30)
    return standing


@pytest.fixture
def own_fleet(make_fleet: MakeFleet) -> ProcessFleet:
    """A ready fleet for one test, which may break it."""
    fleet = make_fleet()
    fleet.start()
    fleet.wait_ready(30)
    return fleet
