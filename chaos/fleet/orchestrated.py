"""Systems whose replicas are kept by a controller, which replaces those that are gone.

Small optional protocols: a fault asks with `isinstance` whether the system under test has one.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from chaos.fleet.environment import ReplicaNode


@runtime_checkable
class Zoned(Protocol):
    """It knows the zone of each replica."""

    @property
    def zones(self) -> Sequence[str]:
        """The names of the zones that have a replica, in order; none where they are not known."""

    def in_zone(self, zone: str) -> Sequence[ReplicaNode]:
        """The replicas of a zone."""


@runtime_checkable
class RolledOut(Protocol):
    """Its controller can replace all replicas in turn, by its own rules."""

    def roll_out(self, cancelled: threading.Event) -> None:
        """Begin, and wait until every replica is a new one and ready, or `cancelled` is set.

        Raises ChaosError when that takes too long.
        """

    def wait_rolled_out(self) -> None:
        """Wait until the controller has nothing more to replace.  Raises ChaosError."""


@runtime_checkable
class Scaled(Protocol):
    """Its controller can be told another number of replicas."""

    @property
    def scaled_name(self) -> str:
        """The name of the controller, as `deployment/agent`."""

    @property
    def size(self) -> int:
        """The number of replicas that it had when the run began."""

    @property
    def scale_by_hand(self) -> str:
        """The command with which a person restores the number."""

    def scale_down(self, replicas: int) -> None:
        """Lower the number; it is restored if this process dies.  Raises ChaosError."""

    def scale_back(self) -> None:
        """Restore the number that it had.  Raises ChaosError."""

    def scaled_to(self, replicas: int) -> bool:
        """Whether exactly this many replicas are there, ready, and get requests.

        Raises ChaosError.
        """

    def fill(self) -> None:
        """Wait for the replicas that took the places of those that went.  Raises ChaosError."""
