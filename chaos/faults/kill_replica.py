"""A replica dies at once, as of a lost machine or the out-of-memory killer."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from chaos.environment import Environment, ReplicaNode
from chaos.errors import ChaosError
from chaos.faults.base import Fault, require_seconds
from chaos.faults.replicas import check_exists, check_name, choose, require_well, revive


@dataclass
class KillReplica(Fault):
    """SIGKILL one replica, and start it again `downtime` seconds later."""

    kind: ClassVar[str] = "kill-replica"
    needs: ClassVar[frozenset[str]] = frozenset({"kill", "restart"})
    replica: str = "random"
    """Its name, or `random`: one of those that run."""
    downtime: float = 1.0

    _victim: ReplicaNode | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        check_name(self.replica)
        require_seconds("downtime", self.downtime)

    def check(self, env: Environment) -> None:
        """The named replica must exist."""
        super().check(env)
        check_exists(self.replica, env)

    def aim(self, env: Environment, rng: Random) -> str:
        """The named one, or one of those that run."""
        self._victim = choose(self.replica, env, rng)
        return self._victim.name

    def require_well(self, env: Environment) -> None:
        """It runs, is not frozen, and is ready."""
        require_well(self.kind, self._aimed())

    def inject(self, env: Environment) -> None:
        """SIGKILL."""
        self._aimed().kill()

    def verify(self, env: Environment) -> bool:
        """It was killed, and nobody answers in its place."""
        victim = self._aimed()
        return victim.exit_code == -signal.SIGKILL and not victim.ready()

    def hold(self) -> None:
        """Stay dead."""
        self.cancelled.wait(self.downtime)

    def heal(self, env: Environment) -> None:
        """Start it again and wait until it is ready."""
        if self._victim is not None:
            revive(self._victim)

    def _aimed(self) -> ReplicaNode:
        if self._victim is None:
            raise ChaosError(f"{self.kind} was not aimed")
        return self._victim
