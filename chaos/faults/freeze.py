"""A node stops with its connections open, and goes on later: worse than a kill."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from chaos.faults.drawing import Drawing, NeverDrawn, own_redis, redis_seconds, seconds
from chaos.faults.targeted import LastingFault, RedisFault, ReplicaFault
from chaos.fleet.environment import Node, SystemUnderTest


@dataclass
class _Freeze(LastingFault):
    always_needs: ClassVar[frozenset[str]] = frozenset({"freeze"})

    _who: str | None = field(default=None, init=False, repr=False)

    @property
    @abstractmethod
    def victim(self) -> Node:
        """The frozen node."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it still does its work."""

    def inject(self, env: SystemUnderTest) -> None:
        """SIGSTOP."""
        self._who = self.victim.identity
        self.victim.freeze()

    def verify(self, env: SystemUnderTest) -> bool:
        """It is there, stopped, and does not answer."""
        return self.victim.frozen and not self._answers()

    def verify_healed(self, env: SystemUnderTest) -> bool:
        """It is the same one: it was not restarted."""
        return self.victim.identity == self._who


@dataclass
class FreezeReplica(ReplicaFault, _Freeze):
    """SIGSTOP one replica, SIGCONT it `duration` seconds later."""

    kind: ClassVar[str] = "freeze-replica"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 0.5, 3), 1.0)

    def _answers(self) -> bool:
        return self.victim.ready()


@dataclass
class FreezeRedis(RedisFault, _Freeze):
    """SIGSTOP one server, SIGCONT it `duration` seconds later."""

    kind: ClassVar[str] = "freeze-redis"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        redis_seconds("duration", 0.5, 3, 1.2), 1.0, own_redis
    )

    def _answers(self) -> bool:
        return self.victim.answers()
