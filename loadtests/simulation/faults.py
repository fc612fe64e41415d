"""Planned faults of a simulation.  Their names are those of the faults of a real run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from loadtests.simulation.service import Service
from loadtests.simulation.store import Store


class World(Protocol):
    """The changes that a fault makes."""

    service: Service
    store: Store


class Fault(Protocol):
    """One planned fault."""

    kind: ClassVar[str]

    @property
    def at(self) -> float:
        """Seconds after the start of the load."""

    @property
    def target(self) -> str:
        """The name of its target."""

    def seconds(self, start_s: float) -> float:
        """How long it lasts; `start_s` is the start of a replica."""

    def begin(self, world: World, t: float) -> None:
        """It takes hold at `t`."""

    def heal(self, world: World, t: float) -> None:
        """It ends at `t`."""


@dataclass(frozen=True, slots=True)
class KillReplica:
    """A replica is killed, and its successor starts."""

    kind: ClassVar[str] = "kill-replica"
    at: float
    replica: int = 0
    """From 0."""

    @property
    def target(self) -> str:
        """As `Fault`."""
        return replica_name(self.replica)

    def seconds(self, start_s: float) -> float:
        """As `Fault`."""
        return start_s

    def begin(self, world: World, t: float) -> None:
        """As `Fault`."""
        world.service.kill(t, world.service.replicas[self.replica])

    def heal(self, world: World, t: float) -> None:
        """As `Fault`."""
        world.service.revive(t, world.service.replicas[self.replica])


@dataclass(frozen=True, slots=True)
class _Slow:
    """A part that takes `factor` times as long for `lasts` seconds."""

    at: float
    lasts: float
    factor: float

    def seconds(self, start_s: float) -> float:
        """As `Fault`."""
        return self.lasts


@dataclass(frozen=True, slots=True)
class SlowModel(_Slow):
    """Every call of the model takes `factor` times as long."""

    kind: ClassVar[str] = "slow-model"
    target: ClassVar[str] = "model"

    def begin(self, world: World, t: float) -> None:
        """As `Fault`."""
        world.service.model_factor *= self.factor

    def heal(self, world: World, t: float) -> None:
        """As `Fault`."""
        world.service.model_factor /= self.factor


@dataclass(frozen=True, slots=True)
class SlowRedis(_Slow):
    """Every script takes `factor` times as long."""

    kind: ClassVar[str] = "slow-redis"
    target: ClassVar[str] = "redis"

    def begin(self, world: World, t: float) -> None:
        """As `Fault`."""
        for shard in world.store.shards:
            shard.speed *= self.factor

    def heal(self, world: World, t: float) -> None:
        """As `Fault`."""
        for shard in world.store.shards:
            shard.speed /= self.factor


@dataclass(frozen=True, slots=True)
class RestartRedis:
    """Redis is away for a time, and has lost nothing when it is back.

    Scripts that come meanwhile wait, up to the patience of a replica.
    """

    kind: ClassVar[str] = "restart-redis"
    target: ClassVar[str] = "redis"
    at: float
    lasts: float

    def seconds(self, start_s: float) -> float:
        """As `Fault`."""
        return self.lasts

    def begin(self, world: World, t: float) -> None:
        """As `Fault`."""
        world.store.pause(t, self.lasts)

    def heal(self, world: World, t: float) -> None:
        """As `Fault`; the pause has ended by itself."""


@dataclass(frozen=True, slots=True)
class Window:
    """When a fault begins and ends, seconds after the start of the load, and what it hits."""

    id: str
    kind: str
    target: str
    start: float
    end: float


def replica_name(index: int) -> str:
    """`r01` for the first replica."""
    return f"r{index + 1:02}"


def windows(faults: Sequence[Fault], start_s: float) -> list[Window]:
    """The windows of planned faults, in order, each with an id that is unique in the run."""
    seen: dict[str, int] = {}
    found = []
    for fault in sorted(faults, key=lambda each: each.at):
        seen[fault.kind] = number = seen.get(fault.kind, 0) + 1
        end = fault.at + fault.seconds(start_s)
        found.append(Window(f"{fault.kind}-{number}", fault.kind, fault.target, fault.at, end))
    return found
