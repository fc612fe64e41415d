"""Redis goes away and comes back with what its append-only file holds."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from chaos.canary import LEAD_S, Canary
from chaos.errors import ChaosError
from chaos.faults.base import Fault, require_seconds
from chaos.fleet import Fleet
from chaos.redis_server import RedisServer

LOAD_TIMEOUT = 60.0
"""Seconds that Redis may take to load its data again (2 to 5 s per GB)."""


@dataclass
class _RedisOutage(Fault):
    downtime: float = 0.5
    """Seconds from its end to its start."""

    _old_run_id: str = field(default="", init=False, repr=False)

    def __post_init__(self) -> None:
        require_seconds("downtime", self.downtime)

    @abstractmethod
    def _end(self, server: RedisServer) -> None:
        """End the server's process."""

    def check(self, fleet: Fleet) -> None:
        """Redis must be ours."""
        if not isinstance(fleet.redis, RedisServer):
            raise ValueError(
                f"{self.kind}: the Redis at {fleet.redis.address} is not ours to hurt: "
                "expected an experiment without it, or --redis auto"
            )

    def aim(self, fleet: Fleet, rng: Random) -> str:
        """There is one."""
        return "redis"

    def inject(self, fleet: Fleet) -> None:
        """Remember who it was, and end it."""
        server = _ours(fleet)
        self._old_run_id = server.run_id
        self._end(server)

    def verify(self, fleet: Fleet) -> bool:
        """The process is gone, and nobody answers PING."""
        server = _ours(fleet)
        return server.pid is None and not server.answers()

    def hold(self) -> None:
        """Stay away."""
        self.cancelled.wait(self.downtime)

    def heal(self, fleet: Fleet) -> None:
        """Start it on its data and wait until it has loaded them."""
        server = _ours(fleet)
        if server.pid is None:
            server.start()
        server.wait_ready(LOAD_TIMEOUT)

    def verify_healed(self, fleet: Fleet) -> bool:
        """It is another run of the server."""
        return _ours(fleet).run_id != self._old_run_id


@dataclass
class RestartRedis(_RedisOutage):
    """SIGTERM, as of an upgrade: it writes what it has before it ends."""

    kind: ClassVar[str] = "restart-redis"

    def _end(self, server: RedisServer) -> None:
        server.terminate()


@dataclass
class KillRedis(_RedisOutage):
    """SIGKILL.  What the server had not yet given to the kernel is lost, and the canary says so."""

    kind: ClassVar[str] = "kill-redis"
    lead: ClassVar[float] = LEAD_S

    _canary: Canary | None = field(default=None, init=False, repr=False)

    def prepare(self, fleet: Fleet) -> None:
        """Let the canary sing for as long as Redis may put a write off."""
        self._canary = Canary(_ours(fleet).url)
        self._canary.start()
        self.cancelled.wait(LEAD_S)

    def _end(self, server: RedisServer) -> None:
        server.kill()

    def heal(self, fleet: Fleet) -> None:
        """Bring Redis back and ask what it has kept."""
        if self._canary is not None:
            self._canary.stop()
        super().heal(fleet)
        if self._canary is not None:
            self.lost_since = self._canary.lost_since()


def _ours(fleet: Fleet) -> RedisServer:
    if not isinstance(fleet.redis, RedisServer):
        raise ChaosError(f"the Redis at {fleet.redis.address} is not ours to hurt")
    return fleet.redis
