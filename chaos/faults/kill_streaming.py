"""A replica dies in the middle of a reply."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import ClassVar

from chaos.faults.drawing import RESTART_S, Drawing, NeverDrawn, seconds
from chaos.faults.parameter import parameter
from chaos.faults.sse_client import Stream
from chaos.faults.targeted import ReplicaFault
from chaos.fleet.environment import SystemUnderTest


@dataclass
class KillStreaming(ReplicaFault):
    """SIGKILL one replica when the first words of a streamed reply have come, but not the last.

    The reply is to a synthetic customer, so that there always is one; the replica's other customers
    are cut off too.
    """

    kind: ClassVar[str] = "kill-streaming"
    always_needs: ClassVar[frozenset[str]] = frozenset({"kill", "restart", "replica-port"})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        seconds("duration", 0.2, 1),
        RESTART_S + 1,
        # It cuts a reply of the scripted model: another one may be over before it can be cut.
        fits=lambda on: "model" in on.capabilities and "model-wire" not in on.capabilities,
        alone=True,
    )
    duration: float = 1.0
    app: str = parameter("", "the app whose streamed reply is waited for; empty: the run's")

    _cut: bool = field(default=False, init=False, repr=False)

    def inject(self, env: SystemUnderTest) -> None:
        """Ask, wait for the first words, SIGKILL."""
        with Stream(self.victim.port, self.app or env.app) as stream:
            stream.first()
            self.victim.kill()
            self._cut = not stream.came_to_its_end()

    def verify(self, env: SystemUnderTest) -> bool:
        """It was killed, and the reply never came to its end."""
        return self._cut and self.victim.exit_code == -signal.SIGKILL and not self.victim.ready()
