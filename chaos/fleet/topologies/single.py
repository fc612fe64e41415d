"""One server."""

from __future__ import annotations

from chaos.fleet.redis_server import RedisServer
from chaos.fleet.topologies.parts import Parts


def build(parts: Parts) -> RedisServer:
    """The server, not started.  Raises ChaosConfigError when there is no such binary here."""
    return RedisServer(
        parts.kind,
        parts.directory,
        aof=parts.aof,
        rdb=parts.rdb,
        log=parts.logs / "redis.log",
        env=parts.env,
    )
