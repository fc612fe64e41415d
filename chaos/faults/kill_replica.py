"""A replica dies at once, as when its machine is lost or the out-of-memory killer strikes."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import ClassVar

from chaos.faults.drawing import RESTART_S, Drawing, NeverDrawn, seconds
from chaos.faults.targeted import OutageFault, ReplicaTarget
from chaos.fleet.environment import SystemUnderTest


@dataclass
class KillReplica(OutageFault, ReplicaTarget):
    """SIGKILL one replica, and start it again `downtime` seconds later."""

    kind: ClassVar[str] = "kill-replica"
    always_needs: ClassVar[frozenset[str]] = frozenset({"kill", "restart"})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("downtime", 0.2, 2), RESTART_S)

    def inject(self, env: SystemUnderTest) -> None:
        """SIGKILL."""
        self.victim.kill()

    def verify(self, env: SystemUnderTest) -> bool:
        """It was killed, and nothing answers at its port."""
        return self.victim.exit_code == -signal.SIGKILL and not self.victim.ready()
