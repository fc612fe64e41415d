"""Faults of the network, through the proxies of a real small fleet."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chaos.errors import ChaosError
from chaos.faults import network
from chaos.faults.network_fault import NetworkFault
from chaos.faults.redis_servers import agreed
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.topologies.parts import ask
from chaos.fleet.topology import Topology
from chaos.fleet.waiting import wait_for
from reports.records import FaultWindow
from tests.chaos.conftest import MakeFleet
from tests.chaos.test_faults import do

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessFleet]:
    from tests.chaos.conftest import TOY

    with ProcessFleet(
        tmp_path_factory.mktemp("proxied"),
        uuid.uuid4().hex[:12],
        replicas=2,
        redis="bundled",
        replica_command=TOY,
        proxy=True,
    ) as fleet:
        fleet.start()
        fleet.wait_ready(30)
        yield fleet


@pytest.mark.parametrize("side", ["redis", "balancer"])
@pytest.mark.parametrize(
    "kind",
    [
        network.NetworkLatency,
        network.NetworkBandwidth,
        network.NetworkReset,
        network.NetworkBlackHole,
        network.NetworkOneWay,
        network.NetworkSlowClose,
        network.NetworkSlicer,
        network.NetworkCut,
    ],
)
def test_a_disturbed_link_is_felt_and_healed(proxied: ProcessFleet, kind: Any, side: str) -> None:
    window = do(kind(duration=0.1, side=side, replica="r02"), proxied)
    assert (window.took_hold, window.error, window.target) == (True, None, f"r02-{side}")
    assert proxied.network.toxics(f"r02-{side}") == []


@pytest.mark.parametrize("side", ["redis", "balancer"])
def test_a_link_that_closes_at_once_is_no_slow_close(proxied: ProcessFleet, side: str) -> None:
    fault = network.NetworkSlowClose(side=side, replica="r01", delay_ms=2000)
    fault.aim(proxied, random.Random(1))
    assert not fault.met(proxied)


@pytest.mark.parametrize("fault", [network.NetworkBandwidth(), network.NetworkSlicer()])
def test_a_link_to_redis_that_carries_as_ever_is_neither_narrow_nor_sliced(
    proxied: ProcessFleet, fault: NetworkFault
) -> None:
    fault.aim(proxied, random.Random(1))
    assert not fault.met(proxied)


def test_a_link_without_the_toxic_is_not_slow_however_slow_it_is(proxied: ProcessFleet) -> None:
    fault = network.NetworkLatency(latency_ms=1, jitter_ms=0)
    fault.aim(proxied, random.Random(1))
    assert not fault.verify(proxied)


def test_the_jitter_is_less_than_the_latency() -> None:
    assert network.NetworkLatency(latency_ms=1000).attributes() == {"latency": 1000, "jitter": 20}
    assert network.NetworkLatency(latency_ms=10).attributes() == {"latency": 10, "jitter": 2}
    with pytest.raises(ValueError, match="jitter_ms must be less than latency_ms, 20, got 20"):
        network.NetworkLatency(latency_ms=20, jitter_ms=20)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [network.NetworkReset, network.NetworkCut, network.NetworkOneWay])
def test_a_frozen_redis_is_no_disturbed_link(proxied: ProcessFleet, kind: Any) -> None:
    server = proxied.redis.servers["redis"]
    server.freeze()
    try:
        fault = kind(duration=0.1, replica="r01")
        fault.cancelled.set()
        window = do(fault, proxied)
        assert (window.took_hold, window.target) == (False, "r01-redis")
        assert window.error == f"r01-redis does not carry before {kind.kind}: silence"
        if kind is not network.NetworkOneWay:
            assert not fault.met(proxied)
    finally:
        server.resume()


def test_a_second_fault_on_a_link_leaves_the_first_one_alone(proxied: ProcessFleet) -> None:
    first = network.NetworkLatency(duration=60.0, replica="r01")
    windows: list[FaultWindow] = []
    lasting = threading.Thread(target=lambda: windows.append(do(first, proxied)))
    lasting.start()
    try:
        wait_for(lambda: bool(proxied.network.toxics("r01-redis")), 10, "the first toxic")
        window = do(network.NetworkBandwidth(duration=0.1, replica="r01"), proxied)
        assert (window.took_hold, window.error) == (True, None)
        assert [each["type"] for each in proxied.network.toxics("r01-redis")] == ["latency"]
    finally:
        first.cancelled.set()
        lasting.join(20)
    assert [(each.took_hold, each.error) for each in windows] == [(True, None)]
    assert proxied.network.toxics("r01-redis") == []


def test_a_toxic_that_cannot_be_taken_away_does_not_keep_the_others(proxied: ProcessFleet) -> None:
    fault = network.NetworkBlackHole()
    fault.aim(proxied, random.Random(1))
    fault._placed.append(("r99-redis", "one that there is not"))
    fault.inject(proxied)
    with pytest.raises(ChaosError, match="the proxy refused GET /proxies/r99-redis/toxics"):
        fault.heal(proxied)
    assert [proxied.network.toxics(f"r0{n}-redis") for n in (1, 2)] == [[], []]


@pytest.fixture
def set_of(make_fleet: MakeFleet) -> Callable[[str], ProcessFleet]:
    """A set of servers in front of which proxies stand, and one toy replica."""

    def start(shape: str) -> ProcessFleet:
        fleet = make_fleet(replicas=1, topology=Topology(shape), proxy=True)
        fleet.start()
        fleet.wait_ready(60)
        return fleet

    return start


@pytest.mark.slow
def test_an_unreachable_primary_is_succeeded_and_one_primary_is_left(
    set_of: Callable[[str], ProcessFleet],
) -> None:
    fleet = set_of("sentinel")
    (old,) = [server.name for server in fleet.redis.primaries()]
    window = do(network.NetworkLatency(duration=0.1, latency_ms=50, server=old), fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, old)
    fault = network.NetworkBlackHole(duration=60.0, server="primary")

    def end_when_succeeded() -> None:
        wait_for(lambda: old not in _primaries(fleet), 60, "a successor")
        fault.cancelled.set()

    watching = threading.Thread(target=end_when_succeeded)
    watching.start()
    window = do(fault, fleet)
    watching.join()
    assert (window.took_hold, window.error, window.target) == (True, None, old)
    assert agreed(fleet)
    assert old not in _primaries(fleet)


def _primaries(fleet: ProcessFleet) -> list[str]:
    try:
        return [server.name for server in fleet.redis.primaries()]
    except ChaosError:
        return []


def test_the_servers_of_a_cluster_are_disturbed_one_by_one_or_all(
    set_of: Callable[[str], ProcessFleet],
) -> None:
    fleet = set_of("cluster")
    for server, target in (("redis-2", "redis-2"), ("all", ",".join(fleet.redis.servers))):
        window = do(network.NetworkReset(duration=0.1, server=server), fleet)
        assert (window.took_hold, window.error, window.target) == (True, None, target)
    with pytest.raises(
        ValueError, match="in a set of Redis servers the links belong to the servers"
    ):
        network.NetworkReset(replica="r01").check(fleet)
    with pytest.raises(
        ValueError, match=r"server must be primary, replica or one of .*, got 'redis-9'"
    ):
        network.NetworkReset(server="redis-9").check(fleet)
    # Customers come through the proxies: the cluster knows no other address.
    ports = {port for _, port in map(fleet.network.address, fleet.redis.servers)}
    url = next(iter(fleet.redis.servers.values())).url
    known = {int(address.rpartition(":")[2]) for address in ask(url, "CLUSTER NODES")}
    assert known == ports


def test_one_server_has_no_other_to_choose_from(proxied: ProcessFleet) -> None:
    with pytest.raises(
        ValueError, match=r"server must be all without a set of Redis .*, got 'primary'"
    ):
        network.NetworkReset(server="primary").check(proxied)


def test_without_a_proxy_the_network_cannot_be_disturbed(make_fleet: MakeFleet) -> None:
    with pytest.raises(ValueError, match="with --proxy"):
        network.NetworkReset().check(make_fleet())
