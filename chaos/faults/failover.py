"""A primary is lost and another server takes over: in a Sentinel set, or in one shard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults.drawing import Drawing, NeverDrawn, seconds
from chaos.faults.redis_servers import LOAD_TIMEOUT, require_primary
from chaos.faults.targeted import RedisFault
from chaos.faults.write_probe import LEAD_S, WriteProbe
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.shapes import CLUSTER, SENTINEL_SET
from chaos.fleet.waiting import wait_for

TAKEOVER_TIMEOUT_S = 30.0


@dataclass
class _Takeover(RedisFault):
    """SIGKILL a primary; `duration` seconds after another took over it comes back as a replica."""

    lead: ClassVar[float] = LEAD_S
    duration: float = 1.0

    _probe: WriteProbe | None = field(default=None, init=False, repr=False)

    def check_healthy(self, env: SystemUnderTest) -> None:
        """It is healthy and a primary; any other server can be replaced without a fault."""
        super().check_healthy(env)
        require_primary(self.kind, self.victim, env)

    def prepare(self, env: SystemUnderTest) -> None:
        """Write to the old primary, to find the writes that the new one lacks."""
        self._probe = WriteProbe(self.victim.url)
        self._probe.start()
        self.cancelled.wait(LEAD_S)

    def inject(self, env: SystemUnderTest) -> None:
        """SIGKILL."""
        if not self.victim.running:
            raise ChaosError(f"{self.victim.name} does not run: it cannot be killed")
        self.victim.kill()

    def verify(self, env: SystemUnderTest) -> bool:
        """Another server has taken over, and all data can be written."""
        what = "another server that took over"
        wait_for(lambda: self._taken_over(env), TAKEOVER_TIMEOUT_S, what, self.cancelled)
        return True

    def heal(self, env: SystemUnderTest) -> None:
        """Bring the old primary back, and read the probe's writes back from the new one."""
        if self._probe is not None:
            self._probe.stop()
        super().heal(env)
        if self._probe is not None:
            wait_for(lambda: env.redis.answers(), LOAD_TIMEOUT, "all data to become writable")
            self.read_back(self._probe, env)

    def verify_healed(self, env: SystemUnderTest) -> bool:
        """The old primary is not one any more."""
        return self.victim.name not in [server.name for server in env.redis.primaries()]

    def _taken_over(self, env: SystemUnderTest) -> bool:
        try:
            names = [server.name for server in env.redis.primaries()]
        except ChaosError:
            return False
        return self.victim.name not in names and env.redis.answers()


@dataclass
class Failover(_Takeover):
    """The primary of a Sentinel set."""

    kind: ClassVar[str] = "failover"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 0.5, 1.5), 9.0)
    always_needs: ClassVar[frozenset[str]] = frozenset({"kill", "restart", SENTINEL_SET})


@dataclass
class ClusterShardDown(_Takeover):
    """One primary of a cluster: its shard is away until its replica has taken over."""

    kind: ClassVar[str] = "cluster-shard-down"
    always_needs: ClassVar[frozenset[str]] = frozenset({"kill", "restart", CLUSTER})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 0.5, 1.5), 9.0)
