"""A controller is told to keep fewer replicas, as by an autoscaler at a bad moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults.base import Area
from chaos.faults.drawing import Drawing, NeverDrawn
from chaos.faults.parameter import parameter
from chaos.faults.targeted import LastingFault
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.orchestrated import Scaled
from chaos.fleet.waiting import holds_within

_POLL_S = 0.25


@dataclass
class ScaleDown(LastingFault):
    """Scale a Deployment down by `count` replicas; `duration` seconds later, up again."""

    kind: ClassVar[str] = "scale-down"
    area: ClassVar[Area] = "replica"
    always_needs: ClassVar[frozenset[str]] = frozenset({"scale"})
    drawing: ClassVar[Drawing | NeverDrawn] = NeverDrawn("only its owner knows the size it needs")
    exclusive_setting: ClassVar[str | None] = "replicas"
    duration: float = 10.0
    count: int = parameter(1, "by how many it is scaled down", "replicas")
    drain_timeout: float = parameter(60.0, "how long they may take to end", "s")

    _env: Scaled | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.count, int) or isinstance(self.count, bool) or self.count < 1:
            raise ValueError(f"count must be a whole number, at least 1, got {self.count!r}")

    def check(self, env: SystemUnderTest) -> None:
        """One replica must be left."""
        super().check(env)
        if self.count >= len(env.replicas):
            raise ValueError(
                f"count must be at most {len(env.replicas) - 1} of {len(env.replicas)} replicas, "
                f"got {self.count}"
            )

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """The controller."""
        if not isinstance(env, Scaled):
            raise ChaosError("nothing keeps the number of replicas here")
        self._env = env
        return env.scaled_name

    def check_healthy(self, env: SystemUnderTest) -> None:
        """It has all the replicas that it had when the run began."""
        size = self._scaled.size
        if not self._scaled.scaled_to(size):
            raise ChaosError(
                f"{self._scaled.scaled_name} does not have its {size} ready replicas: {self.kind} "
                "cannot be done to it"
            )

    def inject(self, env: SystemUnderTest) -> None:
        """Scale down."""
        self._scaled.scale_down(self._scaled.size - self.count)

    def verify(self, env: SystemUnderTest) -> bool:
        """This many are left, and get requests."""
        left = self._scaled.size - self.count
        return holds_within(
            lambda: self._scaled.scaled_to(left),
            self.drain_timeout,
            poll=_POLL_S,
            cancelled=self.cancelled,
        )

    def heal(self, env: SystemUnderTest) -> None:
        """Scale up again, and wait for the new replicas."""
        if self._env is None:
            return
        self.by_hand = self._env.scale_by_hand
        try:
            self._env.scale_back()
        except ChaosError as error:
            raise ChaosError(f"{error}; heal it by hand: {self.by_hand}") from None
        self._env.fill()

    @property
    def _scaled(self) -> Scaled:
        if self._env is None:
            raise ChaosError(f"{self.kind} was not aimed")
        return self._env
