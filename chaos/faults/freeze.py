"""Something stops with its connections open, and goes on later: worse than a death."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from chaos.environment import Environment
from chaos.faults.aimed import RedisFault, ReplicaFault


@dataclass
class FreezeReplica(ReplicaFault):
    """SIGSTOP one replica, SIGCONT it `duration` seconds later."""

    kind: ClassVar[str] = "freeze-replica"
    needs: ClassVar[frozenset[str]] = frozenset({"freeze"})

    _who: str | None = field(default=None, init=False, repr=False)

    def inject(self, env: Environment) -> None:
        """SIGSTOP."""
        self._who = self.victim.identity
        self.victim.freeze()

    def verify(self, env: Environment) -> bool:
        """It is there, stopped, and does not answer."""
        return self.victim.frozen and not self.victim.ready()

    def verify_healed(self, env: Environment) -> bool:
        """It is the same one: it was not restarted."""
        return self.victim.identity == self._who


@dataclass
class FreezeRedis(RedisFault):
    """SIGSTOP one server, SIGCONT it `duration` seconds later."""

    kind: ClassVar[str] = "freeze-redis"
    needs: ClassVar[frozenset[str]] = frozenset({"freeze"})

    _who: str | None = field(default=None, init=False, repr=False)

    def inject(self, env: Environment) -> None:
        """SIGSTOP."""
        self._who = self.victim.identity
        self.victim.freeze()

    def verify(self, env: Environment) -> bool:
        """It is there, stopped, and does not answer."""
        return self.victim.frozen and not self.victim.answers()

    def verify_healed(self, env: Environment) -> bool:
        """It is the same one: it was not restarted."""
        return self.victim.identity == self._who
