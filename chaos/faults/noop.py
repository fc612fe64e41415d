"""A fault without effect: the control of an experiment, and the example to read first."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from chaos.faults.base import Area, Fault, require_seconds
from chaos.faults.drawing import Drawing, NeverDrawn
from chaos.faults.parameter import parameter
from chaos.fleet.environment import SystemUnderTest


@dataclass
class Noop(Fault):
    """Nothing happens for `duration` seconds; violations found then were not caused by a fault."""

    kind: ClassVar[str] = "noop"
    area: ClassVar[Area] = "replica"
    drawing: ClassVar[Drawing | NeverDrawn] = NeverDrawn("it does nothing")
    duration: float = parameter(1.0, "how long it lasts", "s")

    def __post_init__(self) -> None:
        require_seconds("duration", self.duration)

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """No target."""
        return "none"

    def inject(self, env: SystemUnderTest) -> None:
        """Nothing."""

    def verify(self, env: SystemUnderTest) -> bool:
        """Nothing always takes hold."""
        return True

    def hold(self) -> None:
        """Wait."""
        self.cancelled.wait(self.duration)

    def heal(self, env: SystemUnderTest) -> None:
        """Nothing to heal."""
