"""Redis goes away and comes back with what its disk holds."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from chaos.canary import LEAD_S, Canary
from chaos.environment import Environment, RedisNode
from chaos.errors import ChaosError
from chaos.faults.base import Fault, require_seconds
from chaos.faults.redis_servers import (
    LOAD_TIMEOUT,
    check_name,
    check_ours,
    choose,
    require_well,
    revive,
)

_END_TIMEOUT = 10.0


@dataclass
class RedisOutage(Fault):
    """One server ends, stays away for `downtime` seconds, and is started on its data."""

    needs: ClassVar[frozenset[str]] = frozenset({"restart"})
    downtime: float = 0.5
    """Seconds from its end to its start."""
    server: str = "primary"
    """Its name, `primary`, or `replica`."""

    _old_run_id: str = field(default="", init=False, repr=False)
    _server: RedisNode | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        require_seconds("downtime", self.downtime)
        check_name(self.server)

    @abstractmethod
    def _end(self, server: RedisNode) -> None:
        """End the server.  Raises ChaosError."""

    def check(self, env: Environment) -> None:
        """Redis must be ours."""
        check_ours(self.kind, self.server, env)
        super().check(env)

    def aim(self, env: Environment, rng: Random) -> str:
        """The named one, or the one that takes the writes."""
        self._server = choose(self.server, env, rng)
        return self._server.name

    def require_well(self, env: Environment) -> None:
        """It runs, is not frozen, and answers."""
        require_well(self.kind, self._aimed())

    def inject(self, env: Environment) -> None:
        """Remember who it was, and end it."""
        server = self._aimed()
        self._old_run_id = server.run_id
        self._end(server)

    def verify(self, env: Environment) -> bool:
        """It is gone, and nobody answers PING in its place."""
        server = self._aimed()
        return not server.running and not server.answers()

    def hold(self) -> None:
        """Stay away."""
        self.cancelled.wait(self.downtime)

    def heal(self, env: Environment) -> None:
        """Start it on its data and wait until it has loaded them, and until all can write."""
        if self._server is not None:
            self._start(self._server)
            env.redis.wait_ready(LOAD_TIMEOUT)

    def verify_healed(self, env: Environment) -> bool:
        """It is another run of the server."""
        return self._aimed().run_id != self._old_run_id

    def _start(self, server: RedisNode) -> None:
        revive(server)

    def _aimed(self) -> RedisNode:
        if self._server is None:
            raise ChaosError(f"{self.kind} was not aimed")
        return self._server


@dataclass
class RestartRedis(RedisOutage):
    """SIGTERM, as of an upgrade: it writes what it has before it ends."""

    kind: ClassVar[str] = "restart-redis"
    needs: ClassVar[frozenset[str]] = frozenset({"terminate", "restart"})

    def _end(self, server: RedisNode) -> None:
        if not server.terminate(_END_TIMEOUT):
            raise ChaosError(f"{server.name} did not end within {_END_TIMEOUT:g} s after SIGTERM")


@dataclass
class KillRedis(RedisOutage):
    """SIGKILL.  What the server had not yet given to the kernel is lost, and the canary says so."""

    kind: ClassVar[str] = "kill-redis"
    needs: ClassVar[frozenset[str]] = frozenset({"kill", "restart"})
    lead: ClassVar[float] = LEAD_S

    _canary: Canary | None = field(default=None, init=False, repr=False)

    def prepare(self, env: Environment) -> None:
        """Let the canary sing for as long as Redis may put a write off."""
        self._canary = Canary(self._aimed().url)
        self._canary.start()
        self.cancelled.wait(LEAD_S)

    def _end(self, server: RedisNode) -> None:
        server.kill()

    def heal(self, env: Environment) -> None:
        """Bring Redis back and ask what it has kept."""
        if self._canary is not None:
            self._canary.stop()
        super().heal(env)
        if self._canary is not None:
            self.hear(self._canary, env)
