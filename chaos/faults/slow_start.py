"""A replica comes back, but not soon: a cold image, a slow disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from chaos.faults.drawing import RESTART_S, Drawing, NeverDrawn, seconds
from chaos.faults.targeted import ReplicaFault
from chaos.fleet.environment import SystemUnderTest


@dataclass
class SlowStart(ReplicaFault):
    """Kill one replica and start it again at once, stopped for `duration` seconds on its way up."""

    kind: ClassVar[str] = "slow-start"
    always_needs: ClassVar[frozenset[str]] = frozenset({"kill", "restart", "freeze"})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 1, 3), RESTART_S)

    _who: str | None = field(default=None, init=False, repr=False)

    def inject(self, env: SystemUnderTest) -> None:
        """SIGKILL, start, SIGSTOP."""
        self._who = self.victim.identity
        self.victim.kill()
        self.victim.start()
        self.victim.freeze()

    def verify(self, env: SystemUnderTest) -> bool:
        """It is there and not ready."""
        return self.victim.frozen and not self.victim.ready()

    def verify_healed(self, env: SystemUnderTest) -> bool:
        """It is another one."""
        return self.victim.identity not in {None, self._who}
