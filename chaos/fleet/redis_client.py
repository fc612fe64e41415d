"""Clients that ask a Redis server for its state, and what its INFO says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Name, version and allocator of a server."""

    name: str
    """`redis` or `valkey`."""
    version: str
    allocator: str


def connect(url: str, timeout: float = 1.0, *, decode: bool = True) -> redis.Redis:
    """A client for probes: `timeout` seconds for each step, and nothing is ever sent twice.

    Without `decode` the strings in its answers are bytes, as keys may be that are no UTF-8.
    """
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        decode_responses=decode,
    )


def read_info(url: str, timeout: float = 2.0) -> dict[str, Any]:
    """The server's INFO.  Raises `redis.RedisError`."""
    with connect(url, timeout) as client:
        return cast("dict[str, Any]", client.info())


def server_info(info: Mapping[str, Any]) -> ServerInfo:
    """Name, version and allocator from an INFO answer."""
    # Valkey calls itself redis_version 7.2 for the sake of old clients.
    valkey = info.get("valkey_version")
    return ServerInfo(
        name="valkey" if valkey else "redis",
        version=str(valkey or info.get("redis_version", "unknown")),
        allocator=str(info.get("mem_allocator", "unknown")),
    )
