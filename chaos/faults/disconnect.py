"""A container is taken off its network: it runs on, and nothing reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from chaos.faults.drawing import Drawing, NeverDrawn, own_redis, seconds
from chaos.faults.targeted import InterruptedNode, RedisFault, ReplicaFault
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.node_capabilities import disconnectable


@dataclass
class _Disconnect(InterruptedNode):
    always_needs: ClassVar[frozenset[str]] = frozenset({"disconnect"})

    _cut: bool = field(default=False, init=False, repr=False)

    def interrupt(self) -> None:
        """Off the network; its connections are not closed, nothing comes through them."""
        self._cut = True
        disconnectable(self.victim).disconnect()

    def verify(self, env: SystemUnderTest) -> bool:
        """It runs, is on no network, and does not answer."""
        off = not disconnectable(self.victim).connected()
        return off and self.victim.running and not self.answers()

    def _reconnect(self) -> None:
        if self._cut:
            disconnectable(self.victim).reconnect()


@dataclass
class DisconnectReplica(ReplicaFault, _Disconnect):
    """A replica is off its network for `duration` seconds."""

    kind: ClassVar[str] = "disconnect-replica"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 0.5, 2), 3.0)

    def heal(self, env: SystemUnderTest) -> None:
        """Back on the network, at its old address, and ready."""
        self._reconnect()
        super().heal(env)


@dataclass
class DisconnectRedis(RedisFault, _Disconnect):
    """Redis is off its network for `duration` seconds."""

    kind: ClassVar[str] = "disconnect-redis"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 0.5, 2), 3.0, own_redis)

    def heal(self, env: SystemUnderTest) -> None:
        """Back on the network, at its old address, and answering."""
        self._reconnect()
        super().heal(env)
