"""Faults of one replica or of one server of Redis, and how long faults last."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults import redis_servers, replicas
from chaos.faults.base import Area, Fault, require_seconds
from chaos.faults.parameter import parameter
from chaos.fleet.environment import Node, RedisNode, ReplicaNode, SystemUnderTest


@dataclass
class LastingFault(Fault):
    """Lasts for `duration` seconds, unless the run ends before."""

    duration: float = parameter(3.0, "how long it lasts", "s")

    def __post_init__(self) -> None:
        super().__post_init__()
        require_seconds("duration", self.duration)

    def hold(self) -> None:
        """Let it last."""
        self.cancelled.wait(self.duration)


@dataclass
class OutageFault(Fault):
    """Ends something, which stays away for `downtime` seconds, unless the run ends before."""

    downtime: float = parameter(1.0, "from the end of the target to its new start", "s")

    def __post_init__(self) -> None:
        super().__post_init__()
        require_seconds("downtime", self.downtime)

    def hold(self) -> None:
        """Let it stay away."""
        self.cancelled.wait(self.downtime)


@dataclass
class ReplicaTarget(Fault):
    """Aims at one replica, by name or at random."""

    area: ClassVar[Area] = "replica"
    replica: str = parameter("random", "a replica, as r01, or random: one of those that run")

    _victim: ReplicaNode | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        replicas.check_name(self.replica)

    def check(self, env: SystemUnderTest) -> None:
        """The named replica must exist."""
        super().check(env)
        replicas.check_exists(self.replica, env)

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """The named one, or one of those that run."""
        self._victim = replicas.choose(self.replica, env, rng)
        return self._victim.name

    def check_healthy(self, env: SystemUnderTest) -> None:
        """It runs, is not frozen, and is ready."""
        replicas.check_healthy(self.kind, self.victim)

    def heal(self, env: SystemUnderTest) -> None:
        """It runs and is ready, even if the fault stopped it."""
        if self._victim is not None:
            replicas.revive(self._victim)

    @property
    def victim(self) -> ReplicaNode:
        """The replica.  Raises ChaosError before `aim`."""
        if self._victim is None:
            raise ChaosError(f"{self.kind} was not aimed")
        return self._victim


@dataclass
class RedisTarget(Fault):
    """Aims at one server of Redis: by name, `primary`, or `replica`."""

    area: ClassVar[Area] = "redis"
    server: str = parameter("primary", "a Redis server, as redis-2, or primary, or replica")

    _server: RedisNode | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        redis_servers.check_name(self.server)

    def check(self, env: SystemUnderTest) -> None:
        """Redis must be the fleet's own."""
        redis_servers.check_ours(self.kind, self.server, env)
        super().check(env)

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """The named one, or the one that takes the writes."""
        self._server = redis_servers.choose(self.server, env, rng)
        return self._server.name

    def check_healthy(self, env: SystemUnderTest) -> None:
        """It runs, is not frozen, and answers."""
        redis_servers.check_healthy(self.kind, self.victim)

    def heal(self, env: SystemUnderTest) -> None:
        """It runs and has its data, and all data can be written, even if the fault stopped it."""
        if self._server is not None:
            self._revive(self._server)
            env.redis.wait_ready(redis_servers.LOAD_TIMEOUT)

    def _revive(self, server: RedisNode) -> None:
        """Bring the server back with its data.  Raises ChaosError."""
        redis_servers.revive(server)

    @property
    def victim(self) -> RedisNode:
        """The server.  Raises ChaosError before `aim`."""
        if self._server is None:
            raise ChaosError(f"{self.kind} was not aimed")
        return self._server


@dataclass
class ReplicaFault(ReplicaTarget, LastingFault):
    """Is done to one replica, for `duration` seconds."""

    def answers(self) -> bool:
        """Whether the replica says that it is ready."""
        return self.victim.ready()


@dataclass
class RedisFault(RedisTarget, LastingFault):
    """Is done to one server of Redis, for `duration` seconds."""

    def answers(self) -> bool:
        """Whether the server answers PING."""
        return self.victim.answers()


@dataclass
class InterruptedNode(LastingFault):
    """The node does not end: it is interrupted, and the same one goes on."""

    _identity: str | None = field(default=None, init=False, repr=False)

    @property
    @abstractmethod
    def victim(self) -> Node:
        """The interrupted node."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it does its work."""

    def inject(self, env: SystemUnderTest) -> None:
        """Note which one it is, and interrupt it."""
        self._identity = self.victim.identity
        self.interrupt()

    @abstractmethod
    def interrupt(self) -> None:
        """Interrupt it.  Raises ChaosError."""

    def verify_healed(self, env: SystemUnderTest) -> bool:
        """It is the same one: it was not restarted."""
        return self.victim.identity == self._identity
