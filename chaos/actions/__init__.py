"""The faults as plain functions, as Chaos Toolkit calls actions.

An experiment names them: `module: chaos.actions`, `func: kill_replica`.  Our own schedule reads
the same names and makes the same faults, at its own times.  Each function does its fault now and
returns its window; it raises ChaosError when the fault failed or cannot be done.
"""

from __future__ import annotations

from chaos.actions.redis import kill_redis, restart_redis
from chaos.actions.replica import kill_replica, noop, rolling_restart
from chaos.faults.base import Fault
from chaos.faults.kill_replica import KillReplica
from chaos.faults.noop import Noop
from chaos.faults.redis_outage import KillRedis, RestartRedis
from chaos.faults.rolling_restart import RollingRestart

__all__ = [
    "FAULTS",
    "kill_redis",
    "kill_replica",
    "noop",
    "restart_redis",
    "rolling_restart",
]

FAULTS: dict[str, type[Fault]] = {
    "noop": Noop,
    "kill_replica": KillReplica,
    "rolling_restart": RollingRestart,
    "restart_redis": RestartRedis,
    "kill_redis": KillRedis,
}
"""Which function of this package does which fault."""
