"""The way in to a project: its balancer, which is known by its answers, or its one replica."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from chaos.containers.node import ContainerNode
from chaos.containers.project.nodes import Health, ProjectReplica
from chaos.containers.project.reach import Address
from chaos.errors import ChaosError
from chaos.fleet.ports import LOOPBACK
from chaos.fleet.waiting import wait_for


class Door:
    """The published port at which customers come in.

    A balancer of any make does not say to which replicas it sends requests.  A replica counts as in
    rotation when it is ready and the balancer answers; the balancer counts as steady when it gives
    as many good answers in a row as there are replicas.
    """

    def __init__(
        self,
        at: Address,
        health: Health,
        replicas: Mapping[str, ProjectReplica],
        node: ContainerNode | None,
    ) -> None:
        """Nothing is asked.  `node` is the container of the balancer, where there is one."""
        self._at = at
        self._health = health
        self._replicas = replicas
        self._node = node

    @property
    def url(self) -> str:
        """Where customers come in."""
        return f"http://{self._at}"

    @property
    def port(self) -> int:
        """Its port on loopback.  Raises ChaosError where it is published at another address."""
        if self._at.host != LOOPBACK:
            raise ChaosError(f"the balancer is at {self._at}, not on loopback")
        return self._at.port

    @property
    def pid(self) -> int | None:
        """The pid of the balancer on this machine; None where it cannot be seen."""
        return None if self._node is None else self._node.pid

    def answers(self) -> bool:
        """Whether it gives a good answer now."""
        return self._health.holds(self._at)

    def in_rotation(self) -> set[str]:
        """The replicas that are ready; none while the balancer does not answer."""
        if not self.answers():
            return set()
        return {name for name, replica in self._replicas.items() if replica.ready()}

    def counters(self) -> dict[str, dict[str, float]]:
        """None are known."""
        return {}

    def wait_in_rotation(self, names: Collection[str], timeout: float) -> None:
        """Wait until these replicas are ready and the balancer is steady.  Raises ChaosError."""
        wait_for(
            lambda: set(names) <= self.in_rotation() and self._is_steady(),
            timeout,
            f"{', '.join(sorted(names))} and {self.url} to answer {self._health.wanted}",
        )

    def start(self) -> None:
        """Find its container."""
        if self._node is not None:
            self._node.start()

    def close(self) -> None:
        """Nothing to close: it belongs to the user."""

    def _is_steady(self) -> bool:
        return all(self.answers() for _ in self._replicas)
