"""Actions that only some nodes have: one small protocol for each capability.

A fault names the capability in `needs`, so it is refused before the run where the fleet has no such
nodes; when it is done it asks for the protocol with the function below.  All members are methods:
`isinstance` would evaluate properties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from chaos.errors import ChaosError
from chaos.fleet.environment import CAPABILITIES, Node


@runtime_checkable
class CanStress(Protocol):
    """The capability `cpu`."""

    def stress_cpu(self, workers: int) -> None:
        """Start this many busy workers on one core with it.  Raises ChaosError."""

    def cpu_seconds(self) -> Sequence[float]:
        """The processor seconds that each worker has used; empty when there is none."""

    def release_cpu(self) -> None:
        """End the workers.  Nothing happens when there are none."""


@runtime_checkable
class HasDataFiles(Protocol):
    """The capability `redis-data`."""

    def start_with(self, lines: Sequence[str]) -> None:
        """As `start`, with lines of configuration for this start only.  Raises ChaosError."""

    def log_sizes(self) -> dict[str, int]:
        """The parts of its append-only file that still grow, and their sizes in bytes."""

    def cut_log(self, sizes: Mapping[str, int]) -> int:
        """Cut the append-only file of the ended server back to these sizes.

        A part that is not named did not exist then and is emptied.  Returns how many bytes are
        gone.  Raises ChaosError while the server runs.
        """


@runtime_checkable
class CanDisconnect(Protocol):
    """The capability `disconnect`."""

    def connected(self) -> bool:
        """Whether it is on its network."""

    def disconnect(self) -> None:
        """Take it off.  Raises ChaosError when it is off already."""

    def reconnect(self) -> None:
        """Put it back, at its old address.  Nothing happens when it is on.  Raises ChaosError."""


@dataclass(frozen=True)
class MemoryUse:
    """The kernel's figures for one node's memory, bytes."""

    used: int
    limit: int


@runtime_checkable
class CanLimitMemory(Protocol):
    """The capability `memory-limit`."""

    def memory_limit(self) -> int:
        """The limit that was set, bytes; 0 for none."""

    def limit_memory(self, limit: int) -> None:
        """Limit it to this many bytes from now on; 0 removes the limit.  Raises ChaosError."""

    def memory(self) -> MemoryUse:
        """The use that the kernel counts and the limit that it enforces; zeros while it is down."""

    def out_of_memory(self) -> bool:
        """Whether it ended because it needed more memory than its limit."""


def stressable(node: Node) -> CanStress:
    """The node, if it has the capability `cpu`.  Raises ChaosError."""
    if isinstance(node, CanStress):
        return node
    raise _missing(node, "cpu")


def with_data_files(node: Node) -> HasDataFiles:
    """The node, if it has the capability `redis-data`.  Raises ChaosError."""
    if isinstance(node, HasDataFiles):
        return node
    raise _missing(node, "redis-data")


def disconnectable(node: Node) -> CanDisconnect:
    """The node, if it has the capability `disconnect`.  Raises ChaosError."""
    if isinstance(node, CanDisconnect):
        return node
    raise _missing(node, "disconnect")


def with_memory_limit(node: Node) -> CanLimitMemory:
    """The node, if it has the capability `memory-limit`.  Raises ChaosError."""
    if isinstance(node, CanLimitMemory):
        return node
    raise _missing(node, "memory-limit")


def _missing(node: Node, capability: str) -> ChaosError:
    return ChaosError(f"{node.name} lacks {capability}: {CAPABILITIES[capability]}")
