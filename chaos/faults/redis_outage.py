"""Redis ends and comes back with the data on its disk."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults.drawing import Drawing, NeverDrawn, own_redis, redis_seconds
from chaos.faults.targeted import OutageFault, RedisTarget
from chaos.faults.write_probe import LEAD_S, WriteProbe
from chaos.fleet.environment import RedisNode, SystemUnderTest

_END_TIMEOUT = 10.0


@dataclass
class RedisOutage(RedisTarget, OutageFault):
    """One server ends, stays away for `downtime` seconds, and is started on its data."""

    always_needs: ClassVar[frozenset[str]] = frozenset({"restart"})
    downtime: float = 0.5

    _old_run_id: str = field(default="", init=False, repr=False)

    @abstractmethod
    def _end(self, server: RedisNode) -> None:
        """End the server.  Raises ChaosError."""

    def inject(self, env: SystemUnderTest) -> None:
        """Note the server's run id, and end it."""
        server = self.victim
        self._old_run_id = server.run_id
        self._end(server)

    def verify(self, env: SystemUnderTest) -> bool:
        """It is gone, and no other server answers PING at its port."""
        server = self.victim
        return not server.running and not server.answers()

    def verify_healed(self, env: SystemUnderTest) -> bool:
        """It is another run of the server."""
        return self.victim.run_id != self._old_run_id


@dataclass
class RestartRedis(RedisOutage):
    """SIGTERM, as in an upgrade: the server writes its data before it ends."""

    kind: ClassVar[str] = "restart-redis"
    always_needs: ClassVar[frozenset[str]] = frozenset({"terminate", "restart"})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        redis_seconds("downtime", 0.1, 1.5, 0.5), 1.5, own_redis
    )

    def _end(self, server: RedisNode) -> None:
        if not server.terminate(_END_TIMEOUT):
            raise ChaosError(f"{server.name} did not end within {_END_TIMEOUT:g} s after SIGTERM")


@dataclass
class KillRedis(RedisOutage):
    """SIGKILL.  Writes that the server had not yet given to the kernel are lost.

    A write probe finds them.
    """

    kind: ClassVar[str] = "kill-redis"
    always_needs: ClassVar[frozenset[str]] = frozenset({"kill", "restart"})
    lead: ClassVar[float] = LEAD_S
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        redis_seconds("downtime", 0.1, 1.5, 0.5), 3.5, own_redis
    )

    _probe: WriteProbe | None = field(default=None, init=False, repr=False)

    def prepare(self, env: SystemUnderTest) -> None:
        """Write to Redis for as long as it may delay a write to its file."""
        self._probe = WriteProbe(self.victim.url)
        self._probe.start()
        self.cancelled.wait(LEAD_S)

    def _end(self, server: RedisNode) -> None:
        server.kill()

    def heal(self, env: SystemUnderTest) -> None:
        """Bring Redis back and read the probe's writes back."""
        if self._probe is not None:
            self._probe.stop()
        super().heal(env)
        if self._probe is not None:
            self.read_back(self._probe, env)
