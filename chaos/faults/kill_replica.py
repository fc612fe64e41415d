"""A replica dies at once, as of a lost machine or the out-of-memory killer."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults.base import Fault, require_seconds
from chaos.fleet import Fleet
from chaos.replica import Replica

READY_TIMEOUT = 30.0
"""Seconds that a replica may take to be ready again."""


@dataclass
class KillReplica(Fault):
    """SIGKILL one replica, and start it again `downtime` seconds later."""

    kind: ClassVar[str] = "kill-replica"
    replica: str = "random"
    """Its name, or `random`: one of those that run."""
    downtime: float = 1.0

    _victim: Replica | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.replica, str):
            raise ValueError(f"replica = {self.replica!r}: expected a name or random")
        require_seconds("downtime", self.downtime)

    def check(self, fleet: Fleet) -> None:
        """The named replica must exist."""
        if self.replica != "random" and self.replica not in fleet.replicas:
            raise ValueError(f"replica = {self.replica!r}: expected random or {names_of(fleet)}")

    def aim(self, fleet: Fleet, rng: Random) -> str:
        """The named one, or one of those that run."""
        if self.replica != "random":
            self._victim = fleet.replicas[self.replica]
        else:
            running = [replica for replica in fleet.replicas.values() if replica.running]
            if not running:
                raise ChaosError("no replica runs: there is none to kill")
            self._victim = rng.choice(running)
        return self._victim.name

    def inject(self, fleet: Fleet) -> None:
        """SIGKILL."""
        victim = self._aimed()
        if not victim.running:
            raise ChaosError(f"{victim.name} does not run: it cannot be killed")
        victim.kill()

    def verify(self, fleet: Fleet) -> bool:
        """The process was killed, and nobody answers on its port."""
        victim = self._aimed()
        return victim.exit_code == -signal.SIGKILL and not victim.ready()

    def hold(self) -> None:
        """Stay dead."""
        self.cancelled.wait(self.downtime)

    def heal(self, fleet: Fleet) -> None:
        """Start it again and wait until it is ready."""
        if self._victim is not None:
            revive(self._victim)

    def _aimed(self) -> Replica:
        if self._victim is None:
            raise ChaosError("kill-replica was not aimed")
        return self._victim


def revive(replica: Replica) -> None:
    """Start the replica unless it runs, and wait until it is ready.  Raises ChaosError."""
    if not replica.running:
        replica.start()
    replica.wait_ready(READY_TIMEOUT)


def names_of(fleet: Fleet) -> str:
    """The names of the replicas, for a sentence."""
    names = list(fleet.replicas)
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
