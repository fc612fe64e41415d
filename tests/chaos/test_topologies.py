"""Redis in its larger forms, of real processes, as a run uses them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from chaos.errors import ChaosConfigError, ChaosError
from chaos.faults.failover import ClusterShardDown, Failover
from chaos.faults.partition import Partition
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.redis_client import connect
from chaos.fleet.redis_server import RedisServer
from chaos.fleet.topologies.cluster import ClusterSet
from chaos.fleet.topologies.parts import OwnRedis, ask
from chaos.fleet.topologies.sentinel import Sentinel, SentinelSet
from chaos.fleet.topology import Topology
from chaos.fleet.waiting import wait_for
from tests.chaos.conftest import KINDS, MakeFleet, need
from tests.chaos.test_faults import do

pytestmark = pytest.mark.service

Build = Callable[..., OwnRedis]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Starts a form of Redis, and ends it after the test."""
    built: list[OwnRedis] = []

    def start(topology: Topology, kind: str = "bundled") -> OwnRedis:
        need(kind)
        store = topology.build(kind, tmp_path / "redis", tmp_path / "logs", os.environ)
        built.append(store)
        store.start()
        store.wait_ready()
        return store

    yield start
    for store in built:
        store.close()
        assert store.wait_ended(30)
    for path in tmp_path.rglob("*.conf"):
        assert path.name == "nodes.conf", f"{path} was left, with a password in it"


def primary_other_than(store: OwnRedis, old: str) -> str:
    """The name of the new primary, when there is one."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        try:
            names = [server.name for server in store.primaries()]
        except ChaosError:
            names = [old]
        if old not in names and store.answers():
            return names[0]
        time.sleep(0.05)
    raise AssertionError(f"nobody took over from {old}")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_when_the_primary_of_a_sentinel_set_dies_another_takes_over_and_it_follows(
    build: Build, kind: str
) -> None:
    store = build(Topology("sentinel"), kind)
    assert isinstance(store, SentinelSet)
    old = store.primary()
    with connect(old.url) as client:
        client.set("order", "ORD-58291")
        assert client.wait(2, 5000) == 2
    old.kill()
    new = store.servers[primary_other_than(store, old.name)]
    old.start()
    store.wait_ready()
    with connect(new.url) as client:
        assert client.get("order") == "ORD-58291"
    deadline = time.monotonic() + 40
    while (ask(old.url, "ROLE") or ["master"])[0] == "master":
        assert time.monotonic() < deadline, "the old primary does not follow"
        time.sleep(0.1)


def followers(store: OwnRedis, primary: RedisServer) -> list[RedisServer]:
    """The servers of a set that say that they follow the primary."""
    roles = {server: ask(server.url, "ROLE") for server in store.servers.values()}
    return [
        server
        for server, role in roles.items()
        if role and role[0] == "slave" and int(role[2]) == primary.announced
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_when_a_primary_of_a_cluster_dies_its_replica_takes_over(build: Build, kind: str) -> None:
    store = build(Topology("cluster"), kind)
    assert isinstance(store, ClusterSet)
    old = store.primaries()[0]
    (replica,) = followers(store, old)
    old.kill()
    assert not store.answers()
    primary_other_than(store, old.name)
    assert replica in store.primaries()
    old.start()
    store.wait_ready()
    wait_for(lambda: old in followers(store, replica), 30, "the old primary to follow the new one")


def test_no_password_of_a_set_reaches_a_command_line(build: Build) -> None:
    store = build(Topology("sentinel"))
    assert isinstance(store, SentinelSet)
    secret = store.url.partition("://:")[2].partition("@")[0]
    processes: list[RedisServer | Sentinel] = [*store.servers.values(), *store.sentinels]
    for process in processes:
        assert process.pid is not None
        assert secret not in " ".join(psutil.Process(process.pid).cmdline())
        assert secret not in repr(process)
    assert secret not in repr(store) + store.address


def test_a_set_that_lost_its_replicas_refuses_writes_unless_told_otherwise(build: Build) -> None:
    store = build(Topology("sentinel"))
    for server in store.servers.values():
        if server not in store.primaries():
            server.kill()
    (primary,) = store.primaries()
    deadline = time.monotonic() + 30
    while ask(primary.url, "SET", "order", "1") is not None:
        assert time.monotonic() < deadline, "writes without a replica are still taken"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("topology", "wanted", "durability"),
    [
        (Topology(aof="off"), {"appendonly": "no", "save": ""}, "none"),
        (Topology(aof="off", rdb=True), {"save": "3600 1 300 100 60 10000"}, "rdb"),
        (Topology(aof="always"), {"appendonly": "yes", "appendfsync": "always"}, "aof-always"),
    ],
)
def test_a_single_server_has_the_durability_of_its_settings(
    build: Build, topology: Topology, wanted: dict[str, str], durability: str
) -> None:
    store = build(topology)
    (server,) = store.primaries()
    with connect(server.url) as client:
        for name, value in wanted.items():
            assert client.config_get(name) == {name: value}
    assert topology.described() == {
        "redis": "single",
        "aof": topology.aof,
        "rdb": topology.rdb,
        "durability": durability,
    }


def test_a_set_declares_the_durability_of_its_replicas() -> None:
    assert Topology("sentinel").described()["min_replicas"] == 1
    assert Topology("sentinel", min_replicas=0).described()["min_replicas"] == 0
    assert Topology("cluster", aof="always").durability == "replicated"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"shape": "ring"}, "topology must be one of single, sentinel, cluster, got 'ring'"),
        ({"aof": "never"}, "aof must be one of off, everysec, always, got 'never'"),
        ({"min_replicas": 1}, "min-replicas must not be given without --topology sentinel"),
        ({"shape": "sentinel", "min_replicas": 3}, "min-replicas must be 0, 1 or 2, got 3"),
    ],
)
def test_a_form_that_cannot_be_is_refused(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(ChaosConfigError, match=sentence):
        Topology(**options)  # type: ignore[arg-type]


@pytest.fixture
def set_of(make_fleet: MakeFleet) -> Callable[[Topology], ProcessFleet]:
    """A fleet of one toy replica on a form of Redis."""

    def start(topology: Topology) -> ProcessFleet:
        fleet = make_fleet(replicas=1, topology=topology)
        fleet.start()
        fleet.wait_ready(30)
        return fleet

    return start


@pytest.mark.slow
def test_a_failover_is_over_when_another_has_taken_over(
    set_of: Callable[[Topology], ProcessFleet],
) -> None:
    fleet = set_of(Topology("sentinel"))
    window = do(Failover(duration=0.1), fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, "redis-1")
    assert [server.name for server in fleet.redis.primaries()] != ["redis-1"]
    assert fleet.redis.answers()


@pytest.mark.slow
def test_a_shard_is_down_until_its_replica_has_taken_over(
    set_of: Callable[[Topology], ProcessFleet],
) -> None:
    fleet = set_of(Topology("cluster"))
    window = do(ClusterShardDown(duration=0.1, server="redis-2"), fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, "redis-2")
    assert "redis-5" in [server.name for server in fleet.redis.primaries()]


@pytest.mark.slow
def test_a_cut_off_primary_takes_writes_that_are_lost_when_it_is_healed(
    set_of: Callable[[Topology], ProcessFleet],
) -> None:
    fleet = set_of(Topology("sentinel", min_replicas=0))
    (old,) = fleet.redis.primaries()
    fault = Partition(duration=60.0)
    taken: list[str] = []

    def customer() -> None:
        """Keeps to the server that it knows, until another is primary too."""
        with connect(old.url) as client:
            while [server.name for server in fleet.redis.primaries()] == [old.name]:
                time.sleep(0.1)
            client.set("order", "ORD-58291")
            taken.append("ORD-58291")
        fault.cancelled.set()

    customers = threading.Thread(target=customer)
    customers.start()
    window = do(fault, fleet)
    customers.join(30)
    assert (window.took_hold, window.error, window.target) == (True, None, "redis-1")
    assert taken
    (new,) = fleet.redis.primaries()
    assert new is not old
    assert ask(new.url, "EXISTS", "order") == 0


def test_the_wait_for_a_takeover_ends_with_the_run() -> None:
    ended = threading.Event()
    threading.Timer(0.1, ended.set).start()
    begun = time.monotonic()
    with pytest.raises(ChaosError, match="the run ended while waiting for a successor"):
        wait_for(lambda: False, 60, "a successor", ended)
    assert time.monotonic() - begun < 30


def test_a_fault_of_a_set_is_refused_on_one_server(fleet: ProcessFleet) -> None:
    for fault in (Failover(), Partition(), ClusterShardDown()):
        with pytest.raises(ValueError, match=r"Redis is a (Sentinel set|cluster)"):
            fault.check(fleet)
