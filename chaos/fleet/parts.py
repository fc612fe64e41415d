"""The parts of a fleet, as its lifecycle sees them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from chaos.fleet.environment import Balancer, DatabaseNode, Node, RedisStore, ReplicaNode
from chaos.fleet.redis_client import ServerInfo


class Part(Protocol):
    """Anything that the fleet starts once and closes for good."""

    def start(self) -> None:
        """Start it.  Raises ChaosError."""

    def close(self) -> None:
        """Close it for good, without waiting: a fault that is healing cannot start it again."""


class HasPid(Protocol):
    """A node whose process may be visible on this machine."""

    @property
    def pid(self) -> int | None:
        """Its pid on this machine; None while it does not run, or where it cannot be seen."""


class NodeElsewhere(HasPid, Protocol):
    """A node that is no process below this one, such as a container."""

    @property
    def stopped(self) -> str | None:
        """The moment since which it does not run; None while it does, or if that is not known.

        Raises ChaosError when nobody tells.
        """

    @property
    def published(self) -> Collection[int]:
        """The ports of this machine at which it is published.  Raises ChaosError."""


class FleetReplica(Part, HasPid, ReplicaNode, Protocol):
    """A replica as its fleet sees it."""

    def check_alive(self) -> None:
        """Raise ChaosError, or ChaosConfigError with its own sentence, when it has ended."""


class FleetRedis(Part, RedisStore, Protocol):
    """The Redis of a fleet."""

    @property
    def info(self) -> ServerInfo:
        """Name, version and allocator.  Raises ChaosError when no server answers."""


class FleetDatabase(Part, DatabaseNode, Protocol):
    """The database of a fleet."""

    @property
    def url(self) -> str:
        """The address that replicas are given, password included: never for logs."""

    @property
    def version(self) -> str:
        """The server's version."""

    def wait_ended(self, timeout: float) -> bool:
        """Whether it has ended, after at most `timeout` seconds."""

    def cpu_s(self) -> float | None:
        """Processor seconds since its start; None: it does not run."""


class FleetBalancer(Part, HasPid, Balancer, Protocol):
    """The balancer of a fleet."""

    @property
    def url(self) -> str:
        """Where customers come in."""

    def counters(self) -> dict[str, dict[str, float]]:
        """Its counts for each replica since it started; empty without an answer."""

    def wait_in_rotation(self, names: Collection[str], timeout: float) -> None:
        """Wait until it sends requests to all of these replicas.  Raises ChaosError."""


class LoadNode(Node, Protocol):
    """A load generator that is a part of the fleet."""

    def log_tail(self) -> Sequence[str]:
        """The last lines of its log."""
