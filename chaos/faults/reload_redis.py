"""Redis restarts with much data to load: meanwhile it answers LOADING."""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, field
from typing import ClassVar

import redis

from chaos.errors import ChaosError
from chaos.faults.base import require_seconds
from chaos.faults.drawing import Drawing, NeverDrawn, own_single_redis, seconds
from chaos.faults.parameter import parameter
from chaos.faults.redis_outage import RestartRedis
from chaos.faults.redis_servers import LOAD_TIMEOUT
from chaos.fleet.environment import RedisNode, SystemUnderTest
from chaos.fleet.node_capabilities import with_data_files
from chaos.fleet.redis_client import connect
from chaos.fleet.waiting import holds_within, wait_for

_REWRITE_TIMEOUT_S = 20.0
_STEP_S = 0.02
_FEW_KEYS = 1000
_FILLING_KEYS = 100
_FILLING = random.Random(0).randbytes(1024)
"""Bytes that cannot be compressed, so that each key is 1 KiB of the file.

The server answers once after each KiB that it loads, and is silent in between.
"""
_FILLED_S = 120
"""The TTL of the filling keys, in case they are not deleted."""


@dataclass
class ReloadRedis(RestartRedis):
    """SIGTERM and start; each key takes so long to load that all take about `load` seconds."""

    kind: ClassVar[str] = "reload-redis"
    always_needs: ClassVar[frozenset[str]] = frozenset({"terminate", "restart", "redis-data"})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        seconds("load", 0.5, 2), 2.5, own_single_redis
    )
    downtime: float = 0.0
    load: float = parameter(2.0, "how long the server takes to load its data", "s")

    _delay_us: int = field(default=0, init=False, repr=False)
    _was_loading: bool = field(default=False, init=False, repr=False)
    _filled: list[str] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_seconds("load", self.load, 0.1)

    def _end(self, server: RedisNode) -> None:
        with connect(server.url) as client:
            self._fill(client)
            self._rewrite(client)
            self._delay_us = max(1, int(self.load * 1e6 / max(1, int(str(client.dbsize())))))
        super()._end(server)

    def _revive(self, server: RedisNode) -> None:
        if server.running:
            super()._revive(server)
            return
        lines = (
            f"key-load-delay {self._delay_us}",
            f"loading-process-events-interval-bytes {len(_FILLING)}",
        )
        with_data_files(server).start_with(lines if self._delay_us else ())
        loaded_or_ended = holds_within(
            lambda: self._has_loaded(server) or not server.running, LOAD_TIMEOUT, poll=_STEP_S
        )
        if not (loaded_or_ended and server.running):
            raise ChaosError(f"{server.name} did not load its data in {LOAD_TIMEOUT:g} s")
        if self._filled:
            with connect(server.url) as client:
                client.delete(*self._filled)

    def _has_loaded(self, server: RedisNode) -> bool:
        if _is_loading(server):
            self._was_loading = True
            return False
        return server.answers()

    def verify_healed(self, env: SystemUnderTest) -> bool:
        """It is another run of the server, and was seen to answer LOADING."""
        return self._was_loading and super().verify_healed(env)

    def _fill(self, client: redis.Redis) -> None:
        """Add keys to little data: the server would load them without answering LOADING."""
        if int(str(client.dbsize())) >= _FEW_KEYS:
            return
        for number in range(_FILLING_KEYS):
            name = f"diya:filling:{number}"
            # A node of a cluster takes the keys of its own slots only.
            with contextlib.suppress(redis.ResponseError):
                client.set(name, _FILLING, ex=_FILLED_S)
                self._filled.append(name)

    def _rewrite(self, client: redis.Redis) -> None:
        """Make the file a list of keys, so that the delay can be calculated."""
        client.bgrewriteaof()
        wait_for(
            lambda: not self._rewriting(client),
            _REWRITE_TIMEOUT_S,
            "the append-only file to be rewritten",
            poll=_STEP_S,
        )

    @staticmethod
    def _rewriting(client: redis.Redis) -> bool:
        info = dict(client.info("persistence"))
        return bool(info["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"])


def _is_loading(server: RedisNode) -> bool:
    try:
        with connect(server.url, 2.0) as client:
            client.ping()
    except redis.exceptions.BusyLoadingError:
        return True
    except redis.RedisError:
        pass
    return False
