"""One fault from start to end beside others, on a target that is hurt already, and badly healed."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import pytest

from chaos.errors import ChaosError
from chaos.faults import base
from chaos.faults.base import Fault
from chaos.faults.failover import Failover
from chaos.faults.freeze import FreezeRedis, FreezeReplica
from chaos.faults.kill_many import KillZone
from chaos.faults.kill_replica import KillReplica
from chaos.faults.model import ModelErrors, SlowModel
from chaos.faults.network import NetworkBlackHole
from chaos.faults.noop import Noop
from chaos.faults.partition import Partition
from chaos.faults.redis_outage import KillRedis
from chaos.faults.resource_stress import CpuHog
from chaos.faults.rolling_restart import RollingRestart
from chaos.faults.squeeze_memory import SqueezeMemory
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.redis_client import connect
from chaos.fleet.topology import Topology
from chaos.fleet.waiting import wait_for
from reports.records import FaultWindow
from tests.chaos.conftest import MakeFleet
from tests.chaos.test_faults import assert_healed, do


@dataclass
class Witness(Noop):
    """Its proof is a question that cannot be answered."""

    kind: ClassVar[str] = "witness"

    def verify_healed(self, env: SystemUnderTest) -> bool:
        raise ChaosError("nobody can tell")


@contextmanager
def meanwhile(fault: Fault, fleet: ProcessFleet) -> Iterator[list[FaultWindow]]:
    """Another fault, from when it has taken hold to the end of the block; then its window."""
    windows: list[FaultWindow] = []
    holds = threading.Event()
    hold = fault.hold

    def held() -> None:
        holds.set()
        hold()

    fault.hold = held  # type: ignore[method-assign]
    lasting = threading.Thread(target=lambda: windows.append(do(fault, fleet)))
    lasting.start()
    try:
        assert holds.wait(20), "the first fault did not take hold"
        yield windows
    finally:
        fault.cancelled.set()
        lasting.join(60)


def took_hold(windows: list[FaultWindow]) -> bool:
    (window,) = windows
    assert window.recovered_at is not None, window
    return window.took_hold and window.error is None


def test_a_target_that_cannot_be_asked_has_not_shown_the_fault(fleet: ProcessFleet) -> None:
    window = do(Witness(duration=0.0), fleet)
    assert (window.took_hold, window.error) == (False, "nobody can tell")
    assert window.recovered_at is not None


@pytest.fixture
def proxied(make_fleet: MakeFleet) -> ProcessFleet:
    """A ready fleet of two with proxies."""
    fleet = make_fleet(replicas=2, proxy=True)
    fleet.start()
    fleet.wait_ready(30)
    return fleet


@dataclass
class LeavesTheHole(NetworkBlackHole):
    """Comes to an end, and the replica behind the link is still reached by nobody."""

    def hold(self) -> None:
        (link,) = self._links
        name = link.partition("-")[0]
        wait_for(lambda: name not in self._rotation(), 30, "the balancer to give it up")

    def inject(self, env: SystemUnderTest) -> None:
        super().inject(env)
        self._rotation = env.balancer.in_rotation

    def heal(self, env: SystemUnderTest) -> None:
        pass


@pytest.mark.slow
def test_a_replica_out_of_rotation_after_the_healing_never_came_back(
    proxied: ProcessFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "_BALANCED_S", 1.0)
    window = do(LeavesTheHole(side="balancer", replica="r02"), proxied)
    assert window.took_hold
    assert window.recovered_at is None
    assert "was not routing to r01, r02 within 1 s" in str(window.error)


@pytest.mark.slow
def test_a_replica_that_another_fault_keeps_away_is_not_held_against_this_one(
    proxied: ProcessFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "_BALANCED_BESIDE_S", 1.0)
    hole = NetworkBlackHole(duration=60.0, side="balancer", replica="r02")
    with meanwhile(hole, proxied) as first:
        wait_for(lambda: proxied.balancer.in_rotation() == {"r01"}, 30, "r02 to be given up")
        window = do(KillRedis(downtime=0.1), proxied)
        assert (window.took_hold, window.error) == (True, None)
        assert window.recovered_at is not None
    assert took_hold(first)
    assert_healed(first[0], proxied)


def test_a_frozen_node_is_neither_frozen_again_nor_thawed_too_early(
    fleet: ProcessFleet,
) -> None:
    replica, server = fleet.replicas["r01"], fleet.redis.servers["redis"]
    with (
        meanwhile(FreezeReplica(duration=60.0, replica="r01"), fleet) as first,
        meanwhile(FreezeRedis(duration=60.0), fleet) as other,
    ):
        again: list[tuple[str, Fault]] = [
            ("r01", FreezeReplica(duration=0.0, replica="r01")),
            ("r01", KillReplica("r01")),
            ("redis", FreezeRedis(duration=0.0)),
            ("redis", KillRedis()),
        ]
        for target, fault in again:
            window = do(fault, fleet)
            assert (window.took_hold, window.target) == (False, target)
            assert window.error == f"{target} is frozen already: {fault.kind} cannot be done to it"
        assert replica.frozen
        assert server.frozen
    assert took_hold(first)
    assert took_hold(other)
    assert_healed(first[0], fleet)


def test_a_frozen_replica_is_not_chosen_by_chance(fleet: ProcessFleet) -> None:
    with meanwhile(FreezeReplica(duration=60.0, replica="r01"), fleet):
        rng = random.Random(1)
        assert {KillReplica().aim(fleet, rng) for _ in range(20)} == {"r02", "r03"}


def test_of_two_faults_that_set_the_same_the_second_is_refused(fleet: ProcessFleet) -> None:
    with connect(fleet.redis.url) as client:
        client.set("order", "x" * 10_000, ex=60)
        before = client.config_get("maxmemory*")
        with meanwhile(SqueezeMemory(duration=60.0), fleet) as first:
            squeezed = client.config_get("maxmemory*")
            window = do(SqueezeMemory(duration=0.0), fleet)
            assert not window.took_hold
            assert str(window.error).startswith("redis is under squeeze-memory")
            assert client.config_get("maxmemory*") == squeezed
        assert took_hold(first)
        assert client.config_get("maxmemory*") == before
    with meanwhile(CpuHog(duration=60.0, replica="r02"), fleet) as first:
        window = do(CpuHog(duration=0.0, replica="r02"), fleet)
        assert not window.took_hold
        assert fleet.replicas["r02"].cpu_seconds()
    assert took_hold(first)
    slow, failing = SlowModel(duration=60.0), ModelErrors(duration=0.0)
    slow.verify = lambda env: True  # type: ignore[method-assign]  # these replicas have no model
    with meanwhile(slow, fleet) as first:
        assert str(do(failing, fleet).error).startswith("model is under slow-model")
    assert took_hold(first)


@dataclass
class OneIsGone(KillZone):
    """A replica of the zone cannot be started any more."""

    def hold(self) -> None:
        self._victims[0].close()  # type: ignore[attr-defined]


def test_one_of_a_zone_that_does_not_come_back_does_not_keep_the_others(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(replicas=4)
    fleet.start()
    fleet.wait_ready(30)
    window = do(OneIsGone(zone=1), fleet)
    assert (window.target, window.recovered_at) == ("r01,r04", None)
    assert window.error == "r01 is closed: it cannot be started any more"
    assert fleet.replicas["r04"].ready()


def test_one_of_a_deployment_that_does_not_come_back_does_not_keep_the_others(
    own_fleet: ProcessFleet,
) -> None:
    fault = RollingRestart(count=3)
    first, second, third = fault.aim(own_fleet, random.Random(1)).split(",")
    for name in (first, second, third):
        own_fleet.replicas[name].kill()
    own_fleet.replicas[first].close()
    own_fleet.replicas[second].close()
    with pytest.raises(ChaosError, match=f"{first} is closed: .*; {second} is closed: "):
        fault.heal(own_fleet)
    assert own_fleet.replicas[third].ready()


def test_a_server_that_takes_no_writes_cannot_be_succeeded(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(replicas=1, topology=Topology("sentinel"))
    fleet.start()
    fleet.wait_ready(60)
    (primary,) = [each.name for each in fleet.redis.primaries()]
    other = next(name for name in fleet.redis.servers if name != primary)
    faults: list[Fault] = [Failover(server=other), Partition(server=other)]
    for fault in faults:
        window = do(fault, fleet)
        assert not window.took_hold
        expected = f"{fault.kind} must target {primary}, got {other}, which takes no writes"
        assert window.error == expected
    assert all(server.answers() for server in fleet.redis.servers.values())
