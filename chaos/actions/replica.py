"""Actions on replicas."""

from __future__ import annotations

from typing import Any

from chaos.actions._perform import Configuration, perform_now
from chaos.faults.kill_replica import KillReplica
from chaos.faults.noop import Noop
from chaos.faults.rolling_restart import RollingRestart


def noop(duration: float = 1.0, configuration: Configuration = None) -> dict[str, Any]:
    """Nothing, for `duration` seconds."""
    return perform_now(Noop(duration))


def kill_replica(
    replica: str = "random", downtime: float = 1.0, configuration: Configuration = None
) -> dict[str, Any]:
    """SIGKILL a replica and start it again `downtime` seconds later."""
    return perform_now(KillReplica(replica, downtime))


def rolling_restart(
    count: int = 3, drain_timeout: float = 30.0, configuration: Configuration = None
) -> dict[str, Any]:
    """Drain and restart `count` replicas, one after the other."""
    return perform_now(RollingRestart(count, drain_timeout))
