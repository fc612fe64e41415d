"""A node stops with its connections open, and goes on later: worse than a kill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chaos.faults.drawing import Drawing, NeverDrawn, own_redis, redis_seconds, seconds
from chaos.faults.targeted import InterruptedNode, RedisFault, ReplicaFault
from chaos.fleet.environment import SystemUnderTest


@dataclass
class _Freeze(InterruptedNode):
    always_needs: ClassVar[frozenset[str]] = frozenset({"freeze"})

    def interrupt(self) -> None:
        """SIGSTOP."""
        self.victim.freeze()

    def verify(self, env: SystemUnderTest) -> bool:
        """It is there, stopped, and does not answer."""
        return self.victim.frozen and not self.answers()


@dataclass
class FreezeReplica(ReplicaFault, _Freeze):
    """SIGSTOP one replica, SIGCONT it `duration` seconds later."""

    kind: ClassVar[str] = "freeze-replica"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 0.5, 3), 1.0)


@dataclass
class FreezeRedis(RedisFault, _Freeze):
    """SIGSTOP one server, SIGCONT it `duration` seconds later."""

    kind: ClassVar[str] = "freeze-redis"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        redis_seconds("duration", 0.5, 3, 1.2), 1.0, own_redis
    )
