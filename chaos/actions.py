"""The faults as plain functions on the fleet of this process, as Chaos Toolkit calls actions.

An experiment names them: `module: chaos.actions`, `func: kill_replica`.  Our own schedule reads
the same names and makes the same faults, at its own times.
"""

from __future__ import annotations

import random
import time
from dataclasses import asdict
from typing import Any

from chaos.errors import ChaosError
from chaos.faults.base import Fault, perform
from chaos.faults.kill_replica import KillReplica
from chaos.faults.noop import Noop
from chaos.faults.redis_outage import KillRedis, RestartRedis
from chaos.faults.rolling_restart import RollingRestart
from chaos.fleet import current
from reports.records import RunClock

FAULTS: dict[str, type[Fault]] = {
    "noop": Noop,
    "kill_replica": KillReplica,
    "rolling_restart": RollingRestart,
    "restart_redis": RestartRedis,
    "kill_redis": KillRedis,
}
"""Which function of this module does which fault."""


def noop(duration: float = 1.0, configuration: dict[str, Any] | None = None) -> dict[str, Any]:
    """Nothing, for `duration` seconds."""
    return _perform(Noop(duration))


def kill_replica(
    replica: str = "random", downtime: float = 1.0, configuration: dict[str, Any] | None = None
) -> dict[str, Any]:
    """SIGKILL a replica and start it again `downtime` seconds later."""
    return _perform(KillReplica(replica, downtime))


def rolling_restart(
    count: int = 3, drain_timeout: float = 30.0, configuration: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Drain and restart `count` replicas, one after the other."""
    return _perform(RollingRestart(count, drain_timeout))


def restart_redis(
    downtime: float = 0.5, configuration: dict[str, Any] | None = None
) -> dict[str, Any]:
    """SIGTERM Redis and start it again `downtime` seconds later."""
    return _perform(RestartRedis(downtime))


def kill_redis(
    downtime: float = 0.5, configuration: dict[str, Any] | None = None
) -> dict[str, Any]:
    """SIGKILL Redis and start it again `downtime` seconds later."""
    return _perform(KillRedis(downtime))


def _perform(fault: Fault) -> dict[str, Any]:
    """Do it now; its window as a dict.  Raises ChaosError when it failed or cannot be done."""
    fleet = current()
    try:
        fault.check(fleet)
    except ValueError as error:
        raise ChaosError(str(error)) from error
    window = perform(f"{fault.kind}-1", fault, fleet, RunClock(time.time()), random.Random())
    if window.error:
        raise ChaosError(window.error)
    return asdict(window)
