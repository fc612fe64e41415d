"""The lifecycle that every kind of fleet shares, with parts that only record their calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, cast

import pytest

from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.guardian import carriers
from chaos.fleet.lifecycle import FleetLifecycle, replica_names
from chaos.fleet.plan import FleetPlan
from tests.chaos.conftest import MakeFleet


class Part:
    """Any part of a fleet; `ready_at` is the number of the look at which it is ready."""

    frozen = False

    def __init__(self, name: str, done: list[str], ready_at: int = 1) -> None:
        self.name, self._done, self._ready_at = name, done, ready_at
        self.running = False
        self.url = f"url of {name}"
        self.servers = {name: self}
        self.info: Any = type("Info", (), {"name": "toy", "version": "1", "allocator": "none"})

    def start(self) -> None:
        self._done.append(f"start {self.name}")
        self.running = True

    def close(self) -> None:
        self._done.append(f"close {self.name}")
        self.running = False

    def ready(self) -> bool:
        self._ready_at -= 1
        return self._ready_at <= 0

    def wait_ready(self) -> None:
        self._done.append(f"{self.name} ready")

    def check_alive(self) -> None:
        if not self.running:
            raise ChaosError(f"{self.name} ended")

    def primaries(self) -> list[Part]:
        return [self]

    def wait_in_rotation(self, names: list[str], timeout: float) -> None:
        self._done.append(f"routes to {', '.join(names)}")


class ToyFleet(FleetLifecycle):
    """Two replicas, made of parts that do nothing."""

    def __init__(self, run_dir: Path, fails: Callable[[], None] = lambda: None) -> None:
        super().__init__(run_dir, "toy", None)
        self.done: list[str] = []
        self._fails = fails
        self.redis: Any = Part("redis", self.done)
        self.replicas: Any = {
            name: Part(name, self.done, number)
            for number, name in enumerate(replica_names(2), start=1)
        }
        self.balancer: Any = Part("balancer", self.done)

    @classmethod
    def from_plan(cls, plan: FleetPlan) -> Self:
        return cls(plan.run_dir)

    def _capabilities(self) -> frozenset[str]:
        return frozenset({"kill"})

    def _prepare(self) -> None:
        self._undo.callback(self.done.append, "undo the first step")
        self._undo.callback(self.done.append, "undo the second step")
        self._fails()


UNDONE = ["undo the second step", "undo the first step"]


def test_parts_start_in_order_and_stop_in_reverse_order(tmp_path: Path) -> None:
    fleet = ToyFleet(tmp_path)
    with fleet:
        fleet.start()
        assert fleet.done == [
            *("start redis", "redis ready", "start r01", "start r02", "start balancer")
        ]
        fleet.done.clear()
    assert fleet.done == ["close balancer", "close r02", "close r01", "close redis", *UNDONE]
    fleet.done.clear()
    fleet.stop()
    assert fleet.done == [], "a second stop does nothing"


def test_a_fleet_is_ready_when_every_replica_is_and_the_balancer_knows_it(tmp_path: Path) -> None:
    fleet, said = ToyFleet(tmp_path), list[str]()
    fleet.start(said.append)
    fleet.wait_ready(60.0)
    assert fleet.done[-1] == "routes to r01, r02"
    assert said[-3:] == [
        "1 of 2 replicas ready",
        "2 of 2 replicas ready",
        "the balancer routes to all 2 replicas",
    ]


def test_a_replica_that_ended_ends_the_waiting(tmp_path: Path) -> None:
    fleet = ToyFleet(tmp_path)
    fleet.start()
    fleet.replicas["r02"].running = False
    with pytest.raises(ChaosError, match=r"^r02 ended$"):
        fleet.wait_ready(60.0)


def test_a_frozen_replica_is_not_waited_for_at_the_balancer(tmp_path: Path) -> None:
    fleet = ToyFleet(tmp_path)
    fleet.start()
    fleet.replicas["r01"].frozen = True
    fleet.wait_balanced()
    assert fleet.done[-1] == "routes to r02"


def test_a_failed_preparation_undoes_the_steps_that_were_taken(tmp_path: Path) -> None:
    def fails() -> None:
        raise ChaosError("no guardian")

    fleet = ToyFleet(tmp_path, fails)
    with pytest.raises(ChaosError, match=r"^no guardian$"):
        fleet.start()
    assert fleet.done == ["close balancer", "close r02", "close r01", "close redis", *UNDONE]


def test_a_part_that_a_fleet_lacks_is_refused_in_a_sentence(tmp_path: Path) -> None:
    fleet = ToyFleet(tmp_path)
    with pytest.raises(ChaosError, match="runs without proxies"):
        _ = fleet.network
    with pytest.raises(ChaosError, match="cannot be switched"):
        _ = fleet.model
    with pytest.raises(ChaosError, match="is under no load"):
        _ = fleet.load
    assert fleet.capabilities == {"kill"}
    assert fleet.start_load() is None
    assert list(fleet.nodes_elsewhere()) == []
    assert fleet.all_nodes_elsewhere() == ()
    fleet.redis.servers = {}
    assert fleet.all_nodes_elsewhere() is None, "a Redis of the user's own may be anywhere"


def test_the_primaries_of_a_store_that_cannot_say_them_are_none(tmp_path: Path) -> None:
    fleet = ToyFleet(tmp_path)
    assert fleet.primary_urls() == ["url of redis"]

    def cannot_say() -> list[Part]:
        raise ChaosError("the sentinels do not agree on a primary")

    fleet.redis.primaries = cannot_say
    assert fleet.primary_urls() == []


@pytest.mark.parametrize("count", [0, 100])
def test_an_impossible_number_of_replicas_is_refused(count: int) -> None:
    with pytest.raises(ChaosConfigError, match=f"replicas must be from 1 to 99, got {count}"):
        replica_names(count)


@pytest.mark.service
def test_a_start_that_fails_leaves_no_process(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(replica_command=["/nowhere/replica"])
    with pytest.raises(ChaosError, match="r01 cannot be started"):
        fleet.start()
    assert not fleet.redis.running  # type: ignore[union-attr]
    assert carriers(fleet.run_id) == set()


def test_the_kinds_of_fleet_are_siblings() -> None:
    from harness.fleet_kinds import FLEETS

    kinds = [kind.load() for kind in FLEETS.values()]
    assert len(kinds) == 3
    for kind in kinds:
        assert issubclass(kind, FleetLifecycle)
        others = [cast(Any, other) for other in kinds if other is not kind]
        assert not issubclass(kind, tuple(others))
