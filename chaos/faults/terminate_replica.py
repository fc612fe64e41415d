"""One replica is told to go, as when its machine is drained, and comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults.base import require_seconds
from chaos.faults.drawing import RESTART_S, Drawing, NeverDrawn, seconds
from chaos.faults.parameter import parameter
from chaos.faults.targeted import ReplicaFault
from chaos.fleet.environment import SystemUnderTest


@dataclass
class TerminateReplica(ReplicaFault):
    """SIGTERM one replica; it drains, ends, and is started again `duration` seconds later."""

    kind: ClassVar[str] = "terminate-replica"
    always_needs: ClassVar[frozenset[str]] = frozenset({"terminate", "restart"})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        seconds("duration", 0.2, 1.5), RESTART_S + 1.5
    )
    duration: float = 1.0
    drain_timeout: float = parameter(30.0, "how long the replica may take to end by itself", "s")

    _who: str | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_seconds("drain_timeout", self.drain_timeout)

    def inject(self, env: SystemUnderTest) -> None:
        """SIGTERM, and wait until it is gone."""
        self._who = self.victim.identity
        if self._who is None:
            raise ChaosError(f"{self.victim.name} does not run: it cannot be drained")
        if not self.victim.terminate(self.drain_timeout):
            self.victim.kill()
            raise ChaosError(
                f"{self.victim.name} was not drained {self.drain_timeout:g} s after SIGTERM "
                "and was killed"
            )

    def verify(self, env: SystemUnderTest) -> bool:
        """It is gone."""
        return not self.victim.running

    def verify_healed(self, env: SystemUnderTest) -> bool:
        """Another one came back."""
        return self.victim.identity != self._who
