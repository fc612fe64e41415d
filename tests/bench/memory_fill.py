"""Redis filled without a service, and what it takes then."""

from __future__ import annotations

from typing import Any

from redis import Redis


def used(redis: Redis) -> float:
    """Bytes in use without the buffers of clients and of the append-only file."""
    info: dict[str, Any] = dict(redis.info("memory"))
    return float(info["used_memory"] - info["mem_clients_normal"] - info["mem_aof_buffer"])


def empty(redis: Redis) -> float:
    """Forget every key; returns the bytes in use then."""
    # SYNC: some servers free memory later by default.
    client: Any = redis
    client.execute_command("FLUSHALL", "SYNC")
    return used(redis)
