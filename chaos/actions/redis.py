"""Actions on Redis."""

from __future__ import annotations

from typing import Any

from chaos.actions._perform import Configuration, perform_now
from chaos.faults.redis_outage import KillRedis, RestartRedis


def restart_redis(
    downtime: float = 0.5, server: str = "primary", configuration: Configuration = None
) -> dict[str, Any]:
    """SIGTERM Redis and start it again `downtime` seconds later."""
    return perform_now(RestartRedis(downtime, server))


def kill_redis(
    downtime: float = 0.5, server: str = "primary", configuration: Configuration = None
) -> dict[str, Any]:
    """SIGKILL Redis and start it again `downtime` seconds later."""
    return perform_now(KillRedis(downtime, server))
