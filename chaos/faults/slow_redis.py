"""Slow commands: every now and then one command blocks Redis, and all clients wait."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import redis

from chaos.faults.base import require_seconds
from chaos.faults.drawing import Drawing, NeverDrawn, own_redis, seconds
from chaos.faults.parameter import parameter
from chaos.faults.targeted import RedisFault
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.redis_client import connect

LONGEST_S = 4.0
"""The longest stall: after more, Redis answers BUSY to other clients instead of blocking them."""
# Not every Redis shows a script the processor's clock, and TIME stands still inside one: it counts.
_BUSY = """\
for _ = 1, tonumber(ARGV[1]) do end
return 1
"""
_FIRST_ROUNDS = 1_000_000
"""A loop of some ten milliseconds, from which longer ones are calculated."""
_TRIES = 6
_NEARLY = 0.9
_MORE = 0.1
"""The share of the stall that is added after each one that was too short: a busy machine changes
its speed from one stall to the next."""
_MOST_AIMED_AT_S = LONGEST_S + 0.5


@dataclass
class SlowRedis(RedisFault):
    """A script keeps the server busy for `stall` seconds, again and again, `every` seconds."""

    kind: ClassVar[str] = "slow-redis"
    always_needs: ClassVar[frozenset[str]] = frozenset({"redis-config"})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 1, 3), 1.5, own_redis)
    stall: float = parameter(0.3, "how long the server is busy each time", "s")
    every: float = parameter(0.6, "from the beginning of one stall to that of the next", "s")

    _longest: float = field(default=0.0, init=False, repr=False)
    _rounds_a_second: float = field(default=0.0, init=False, repr=False)
    _over: threading.Event = field(default_factory=threading.Event, init=False, repr=False)
    _thread: threading.Thread | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_seconds("stall", self.stall, 0.001)
        require_seconds("every", self.every, self.stall)
        if self.stall > LONGEST_S:
            raise ValueError(f"stall must be at most {LONGEST_S:g} seconds, got {self.stall!r}")

    def inject(self, env: SystemUnderTest) -> None:
        """Begin."""
        self._stall(self.victim.url)
        self._thread = threading.Thread(
            target=self._go_on, args=(self.victim.url,), name="slow-redis", daemon=True
        )
        self._thread.start()

    def verify(self, env: SystemUnderTest) -> bool:
        """The server was really busy for so long."""
        return self._longest >= self.stall * _NEARLY

    def heal(self, env: SystemUnderTest) -> None:
        """Stop."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(LONGEST_S + 2.0)
        super().heal(env)

    def _go_on(self, url: str) -> None:
        while not self._over.wait(self.every - self.stall):
            try:
                self._stall(url)
            except redis.RedisError:
                return

    def _stall(self, url: str) -> None:
        with connect(url, LONGEST_S + 1.0) as client:
            client.ping()
            for number in range(_TRIES):
                took = self._count(client, self.stall * (1 + _MORE * number))
                if took >= self.stall * _NEARLY:
                    return

    def _count(self, client: Any, wanted: float) -> float:
        """Keep the server busy for about `wanted` seconds; returns the real length in seconds."""
        if not self._rounds_a_second:
            self._rounds_a_second = _FIRST_ROUNDS / self._busy(client, _FIRST_ROUNDS)
        rounds = int(self._rounds_a_second * min(wanted, _MOST_AIMED_AT_S))
        took = self._busy(client, rounds)
        self._longest = max(self._longest, took)
        self._rounds_a_second = rounds / took
        return took

    @staticmethod
    def _busy(client: Any, rounds: int) -> float:
        begun = time.monotonic()
        client.eval(_BUSY, 0, str(rounds))
        return time.monotonic() - begun
