"""Redis has less memory than it needs."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import redis

from chaos.faults.collect_errors import do_all
from chaos.faults.drawing import Drawing, NeverDrawn, between, own_single_redis
from chaos.faults.parameter import parameter
from chaos.faults.targeted import RedisFault
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.redis_client import connect
from chaos.fleet.waiting import holds_within

POLICIES = ("noeviction", "volatile-lru", "allkeys-lru", "volatile-ttl")
_FELT_TIMEOUT_S = 10.0
_PROBE_KEY = "diya-squeeze"


@dataclass
class SqueezeMemory(RedisFault):
    """`maxmemory` becomes `share` of the memory in use: writes are refused, or keys evicted."""

    kind: ClassVar[str] = "squeeze-memory"
    always_needs: ClassVar[frozenset[str]] = frozenset({"redis-config"})
    exclusive_setting: ClassVar[str | None] = "maxmemory"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        # The policies that evict lose sessions by design; they are never drawn.
        lambda rng, on: {"duration": between(rng, on, 0.5, 2), "policy": "noeviction"},
        1.5,
        own_single_redis,
    )
    duration: float = 5.0
    policy: str = parameter(
        "noeviction", "noeviction (writes are refused), or one of Redis's that evicts keys"
    )
    share: float = parameter(0.8, "the new limit", "share of the memory used now")

    _before: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _evicted: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.policy not in POLICIES:
            raise ValueError(f"policy must be one of {', '.join(POLICIES)}, got {self.policy!r}")
        if not isinstance(self.share, int | float) or not 0 < self.share <= 1:
            raise ValueError(f"share must be a number above 0, at most 1, got {self.share!r}")

    def inject(self, env: SystemUnderTest) -> None:
        """CONFIG SET."""
        with connect(self.victim.url) as client:
            for name in ("maxmemory", "maxmemory-policy"):
                self._before.update(client.config_get(name))
            info = dict(client.info())
            self._evicted = int(info["evicted_keys"])
            client.config_set("maxmemory-policy", self.policy)
            client.config_set("maxmemory", int(info["used_memory"] * self.share))

    def verify(self, env: SystemUnderTest) -> bool:
        """A test write was refused, or a key was evicted."""
        return holds_within(self._is_felt, _FELT_TIMEOUT_S, cancelled=self.cancelled)

    def _is_felt(self) -> bool:
        with connect(self.victim.url) as client:
            try:
                client.set(_PROBE_KEY, "x" * 1024, ex=5)
            except redis.exceptions.OutOfMemoryError:
                return True
            except redis.exceptions.MovedError:
                pass
            return int(dict(client.info())["evicted_keys"]) > self._evicted

    def heal(self, env: SystemUnderTest) -> None:
        """The limits that were, as they were."""
        do_all((self._put_back, partial(super().heal, env)))

    def _put_back(self) -> None:
        if self._before:
            with connect(self.victim.url) as client:
                for name in ("maxmemory", "maxmemory-policy"):
                    client.config_set(name, self._before[name])
                with contextlib.suppress(redis.RedisError):
                    client.delete(_PROBE_KEY)
