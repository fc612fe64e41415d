"""Several replicas die at once: half of the fleet, or a zone of it."""

from __future__ import annotations

import signal
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults.base import Area
from chaos.faults.drawing import RESTART_S, Drawing, NeverDrawn, between, seconds, several_replicas
from chaos.faults.parameter import parameter
from chaos.faults.replicas import check_healthy, revive_all, running
from chaos.faults.targeted import OutageFault
from chaos.fleet.environment import ReplicaNode, SystemUnderTest
from chaos.fleet.orchestrated import Zoned

ZONES = 3


@dataclass
class _KillMany(OutageFault):
    area: ClassVar[Area] = "replica"
    always_needs: ClassVar[frozenset[str]] = frozenset({"kill", "restart"})
    downtime: float = 2.0

    _victims: Sequence[ReplicaNode] = field(default=(), init=False, repr=False)

    @abstractmethod
    def _choose(self, env: SystemUnderTest, rng: Random) -> Sequence[ReplicaNode]:
        """The replicas to kill."""

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """The replicas, by name."""
        self._victims = self._choose(env, rng)
        if not self._victims:
            raise ChaosError("every replica is down already")
        return ",".join(victim.name for victim in self._victims)

    def check_healthy(self, env: SystemUnderTest) -> None:
        """All of them run, are not frozen, and are ready."""
        check_healthy(self.kind, *self._victims)

    def inject(self, env: SystemUnderTest) -> None:
        """SIGKILL all of them."""
        for victim in self._victims:
            victim.kill()

    def verify(self, env: SystemUnderTest) -> bool:
        """All were killed, and none answers."""
        return all(v.exit_code == -signal.SIGKILL and not v.ready() for v in self._victims)

    def heal(self, env: SystemUnderTest) -> None:
        """Start all side by side, and wait until the last one is ready."""
        revive_all(self._victims)


@dataclass
class KillHalf(_KillMany):
    """SIGKILL half of the replicas (rounded down, at least one), chosen at random."""

    kind: ClassVar[str] = "kill-half"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        seconds("downtime", 0.5, 2), RESTART_S + 3, several_replicas
    )

    def _choose(self, env: SystemUnderTest, rng: Random) -> Sequence[ReplicaNode]:
        up = running(env)
        return rng.sample(up, min(len(up), max(1, len(env.replicas) // 2)))


@dataclass
class KillZone(_KillMany):
    """SIGKILL every third replica: those of one of three zones; of pods, those of a real zone."""

    kind: ClassVar[str] = "kill-zone"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        lambda rng, on: {
            "downtime": between(rng, on, 0.5, 2),
            "zone": rng.randint(1, min(3, on.replicas)),
        },
        RESTART_S + 2,
        several_replicas,
    )
    zone: int = parameter(
        1, "the zone of the first, second or third replica; of pods, by their order", "1, 2 or 3"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.zone, bool) or self.zone not in range(1, ZONES + 1):
            raise ValueError(f"zone must be 1, 2 or 3, got {self.zone!r}")

    def check(self, env: SystemUnderTest) -> None:
        """The zone must have a replica, and another zone too."""
        super().check(env)
        if isinstance(env, Zoned):
            self._check_known(env.zones)
        elif len(env.replicas) < max(self.zone, 2):
            raise ValueError(
                f"there must be at least {max(self.zone, 2)} replicas for zone {self.zone}, "
                f"got {len(env.replicas)}"
            )

    def _choose(self, env: SystemUnderTest, rng: Random) -> Sequence[ReplicaNode]:
        if isinstance(env, Zoned):
            return env.in_zone(env.zones[self.zone - 1])
        return list(env.replicas.values())[self.zone - 1 :: ZONES]

    def _check_known(self, zones: Sequence[str]) -> None:
        if len(zones) < 2:
            raise ValueError(
                "the replicas must be in two known zones at least (the nodes' label "
                f"topology.kubernetes.io/zone), got {', '.join(zones) or 'none'}"
            )
        if self.zone > len(zones):
            raise ValueError(
                f"zone must be at most {len(zones)} ({', '.join(zones)}), got {self.zone}"
            )
