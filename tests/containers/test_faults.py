"""Faults that only containers support take hold and are healed."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chaos.containers.container_fleet import ContainerFleet, Images
from chaos.containers.net import RunNetwork
from chaos.containers.owner import RUN_LABEL
from chaos.containers.parts import ContainerReplica
from chaos.containers.sweep import remove_run
from chaos.errors import ChaosError
from chaos.faults.base import Fault, perform
from chaos.faults.disconnect import DisconnectRedis, DisconnectReplica
from chaos.faults.limit_memory import LimitMemory
from chaos.fleet.redis_client import connect
from reports.records import FaultWindow, RunClock
from tests.containers import tidy


@pytest.fixture(scope="module")
def fleet(
    tmp_path_factory: pytest.TempPathFactory, engine: Any, local_images: Any
) -> Iterator[ContainerFleet]:
    """A fleet of two replicas for all of these tests."""
    made = ContainerFleet(
        tmp_path_factory.mktemp("fleet"),
        secrets.token_hex(6),
        images=Images(local_images.SERVICE, local_images.REDIS, local_images.ENVOY),
        replicas=2,
    )
    with made:
        made.start()
        made.wait_ready(90)
        yield made
    assert tidy.left(made.run_id) == []


def do(fault: Fault, fleet: ContainerFleet) -> FaultWindow:
    fault.check(fleet)
    return perform("it", fault, fleet, RunClock(time.time()), random.Random(1))


def test_a_disconnected_replica_is_unreachable_and_comes_back_the_same(
    fleet: ContainerFleet,
) -> None:
    before = fleet.replicas["r01"].identity
    window = do(DisconnectReplica(replica="r01", duration=0.5), fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, "r01")
    assert fleet.replicas["r01"].identity == before
    assert fleet.replicas["r01"].ready()
    assert fleet.balancer.in_rotation() == {"r01", "r02"}


def test_a_disconnected_redis_keeps_its_data(fleet: ContainerFleet) -> None:
    with connect(fleet.redis.url) as client:
        client.set("order", "saree", ex=600)
    window = do(DisconnectRedis(duration=0.5), fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, "redis")
    with connect(fleet.redis.url) as client:
        assert client.get("order") in (b"saree", "saree")


def test_a_replica_below_its_needs_is_squeezed_and_gets_its_limit_back(
    fleet: ContainerFleet,
) -> None:
    replica = fleet.replicas["r02"]
    before, limit = replica.memory().used, replica.memory_limit()
    fault = LimitMemory(replica="r02", share=0.5, duration=0.2)
    window = do(fault, fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, "r02")
    assert 0.5 * before <= fault.limit <= 1.3 * before < limit
    assert replica.memory_limit() == limit == replica.memory().limit
    assert replica.ready()


def test_a_replica_lives_on_with_a_limit_above_its_needs(fleet: ContainerFleet) -> None:
    before = fleet.replicas["r01"].identity
    window = do(LimitMemory(replica="r01", share=1.5, duration=0.2), fleet)
    assert (window.took_hold, window.error) == (True, None)
    assert fleet.replicas["r01"].identity == before


def test_every_container_is_of_the_image_that_the_record_names(
    fleet: ContainerFleet, engine: Any
) -> None:
    nodes = {"redis": fleet.redis, "envoy": fleet.balancer, "service": fleet.replicas["r01"]}
    assert fleet.images.keys() == nodes.keys()
    for role, node in nodes.items():
        attributes = engine.containers.get(node.id).attrs
        # Not what the name means now: a build in another test may have moved it.
        assert attributes["Image"] == fleet.images[role]["id"]
        assert attributes["Config"]["Image"] in fleet.images[role].values()


def test_a_replica_that_runs_is_sampled_without_docker_and_its_next_process_is_found(
    fleet: ContainerFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = fleet.replicas["r02"]
    before = replica.pid
    assert before is not None
    with monkeypatch.context() as slow:
        slow.setattr(replica, "_looked_at", nobody_answers)
        assert replica.pid == before
        replica._container.kill()
        # Docker tells us when it is gone, and is not to be asked here.
        with pytest.raises(ChaosError, match="Docker does not answer"):
            assert_gone(replica)
    assert replica.wait_ended(10)
    assert replica.pid is None
    replica.start()
    replica.wait_ready(60)
    assert replica.pid not in (None, before)


def nobody_answers() -> Any:
    raise ChaosError("Docker does not answer")


def assert_gone(replica: ContainerReplica) -> None:
    """Ask for its pid until that is no longer known."""
    for _ in range(200):
        assert replica.pid is not None
        time.sleep(0.05)


def test_runs_that_start_together_get_networks_of_their_own(engine: Any) -> None:
    names = [secrets.token_hex(6) for _ in range(6)]
    try:
        with ThreadPoolExecutor(len(names)) as starters:
            made = list(starters.map(lambda name: RunNetwork({RUN_LABEL: name}), names))
        assert len({network.address() for network in made}) == len(names)
    finally:
        assert all(remove_run(engine, name) for name in names)
