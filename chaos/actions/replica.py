"""Actions on replicas, and on the machine beside them."""

from __future__ import annotations

from typing import Any

from chaos.actions._perform import Configuration, perform_now
from chaos.faults.disconnect import DisconnectReplica
from chaos.faults.freeze import FreezeReplica
from chaos.faults.hogs import CpuHog, MemoryHog
from chaos.faults.kill_many import KillHalf, KillZone
from chaos.faults.kill_replica import KillReplica
from chaos.faults.kill_streaming import KillStreaming
from chaos.faults.limit_memory import LimitMemory
from chaos.faults.noop import Noop
from chaos.faults.rolling_restart import RollingRestart
from chaos.faults.slow_start import SlowStart
from chaos.faults.terminate_replica import TerminateReplica


def noop(duration: float = 1.0, configuration: Configuration = None) -> dict[str, Any]:
    """Nothing, for `duration` seconds."""
    return perform_now(Noop(duration=duration))


def kill_replica(
    replica: str = "random", downtime: float = 1.0, configuration: Configuration = None
) -> dict[str, Any]:
    """SIGKILL a replica and start it again `downtime` seconds later."""
    return perform_now(KillReplica(replica=replica, downtime=downtime))


def terminate_replica(
    replica: str = "random",
    duration: float = 1.0,
    drain_timeout: float = 30.0,
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Drain a replica and start it again `duration` seconds after its end."""
    return perform_now(
        TerminateReplica(replica=replica, duration=duration, drain_timeout=drain_timeout)
    )


def rolling_restart(
    count: int = 3, drain_timeout: float = 30.0, configuration: Configuration = None
) -> dict[str, Any]:
    """Drain and restart `count` replicas, one after the other."""
    return perform_now(RollingRestart(count=count, drain_timeout=drain_timeout))


def freeze_replica(
    replica: str = "random", duration: float = 3.0, configuration: Configuration = None
) -> dict[str, Any]:
    """Stop a replica with its connections open, for `duration` seconds."""
    return perform_now(FreezeReplica(replica=replica, duration=duration))


def disconnect_replica(
    replica: str = "random", duration: float = 3.0, configuration: Configuration = None
) -> dict[str, Any]:
    """Take a replica's container off its network, for `duration` seconds."""
    return perform_now(DisconnectReplica(replica=replica, duration=duration))


def limit_memory(
    replica: str = "random",
    duration: float = 3.0,
    share: float = 0.8,
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Limit the memory of a replica's container to `share` of what it uses now."""
    return perform_now(LimitMemory(replica=replica, duration=duration, share=share))


def slow_start(
    replica: str = "random", duration: float = 3.0, configuration: Configuration = None
) -> dict[str, Any]:
    """Kill a replica; it needs `duration` seconds longer to come up."""
    return perform_now(SlowStart(replica=replica, duration=duration))


def cpu_hog(
    replica: str = "random",
    duration: float = 3.0,
    workers: int = 2,
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Busy workers fight with a replica for its core."""
    return perform_now(CpuHog(replica=replica, duration=duration, workers=workers))


def memory_hog(
    duration: float = 3.0, megabytes: int = 256, configuration: Configuration = None
) -> dict[str, Any]:
    """A neighbour takes the machine's memory."""
    return perform_now(MemoryHog(duration=duration, megabytes=megabytes))


def kill_streaming(
    replica: str = "random",
    duration: float = 1.0,
    app: str = "shopmax",
    configuration: Configuration = None,
) -> dict[str, Any]:
    """SIGKILL a replica in the middle of a streamed reply."""
    return perform_now(KillStreaming(replica=replica, duration=duration, app=app))


def kill_half(downtime: float = 2.0, configuration: Configuration = None) -> dict[str, Any]:
    """SIGKILL half of the replicas at once."""
    return perform_now(KillHalf(downtime=downtime))


def kill_zone(
    downtime: float = 2.0, zone: int = 1, configuration: Configuration = None
) -> dict[str, Any]:
    """SIGKILL every third replica at once."""
    return perform_now(KillZone(downtime=downtime, zone=zone))
