"""Builds the Redis client for a URI.  All time-outs are set here."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError

from target_service.sessions import address
from target_service.sessions.client import RedisClient, SingleServerClient
from target_service.sessions.cluster import ClusterClient
from target_service.sessions.durability import WAIT_MS, Durability

_CONNECT_S = 0.5
_ANSWER_S = 1.0
_CONFIRMED_ANSWER_S = WAIT_MS / 1000 + 0.2
_CONNECTIONS = 16
"""Enough for some thousand calls a second; a call takes about a millisecond."""
_CONFIRMED_CONNECTIONS = 64
"""More, because a call holds its connection while it waits for a disk or a replica."""


def connect(uri: str, durability: Durability) -> RedisClient:
    """The client for `uri`, with no connection open yet.  Raises ValueError for a bad URI."""
    waits = bool(durability.wait)
    connections = _CONFIRMED_CONNECTIONS if waits else _CONNECTIONS
    answer_s = _CONFIRMED_ANSWER_S if waits else _ANSWER_S
    options: dict[str, Any] = {
        "socket_connect_timeout": _CONNECT_S,
        # RESP2, because scripts always answer in it.
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
    }
    where = address.parse(uri)
    if where is None:
        return SingleServerClient(ConnectionPool.from_url(uri, **options), connections, answer_s)
    options |= where.login
    limited = {**options, "socket_timeout": answer_s}
    if where.kind == "redis+cluster":
        nodes = [ClusterNode(host, port) for host, port in where.hosts]
        client = RedisCluster(startup_nodes=nodes, require_full_coverage=False, **limited)
        return ClusterClient(client, connections, answer_s)
    sentinel: Any = _Sentinels(
        where.hosts, sentinel_kwargs={**limited, "redis_connect_func": _log_in_if_asked}
    )
    pool: Any = SentinelConnectionPool(  # type: ignore[no-untyped-call]
        where.primary, sentinel, db=where.db, **options
    )
    return SingleServerClient(
        pool,
        connections,
        answer_s,
        is_current=lambda one: not one.is_connected or pool.master_address == (one.host, one.port),
        close_too=sentinel.aclose,
    )


class _Sentinels(Sentinel):
    """Queries the sentinels one call at a time.

    redis-py moves the answering sentinel to the head of its list by an index from before the query.
    Two concurrent queries would then remove a sentinel from the list permanently.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        self._turn = asyncio.Lock()

    async def discover_master(self, service_name: str) -> Any:
        """Host and port of the primary.  Raises MasterNotFoundError, a ConnectionError."""
        async with self._turn:
            return await super().discover_master(service_name)


async def _log_in_if_asked(connection: AbstractConnection) -> None:
    """Sentinels use the same password as their servers, or none."""
    try:
        await connection.on_connect()
    except AuthenticationError:
        connection.username = connection.password = None
        await connection.on_connect()
