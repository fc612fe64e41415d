"""Actions on Redis."""

from __future__ import annotations

from typing import Any

from chaos.actions._perform import Configuration, perform_now
from chaos.faults.amnesia import Amnesia
from chaos.faults.disconnect import DisconnectRedis
from chaos.faults.exhaust_connections import ExhaustConnections
from chaos.faults.failover import ClusterShardDown, Failover
from chaos.faults.freeze import FreezeRedis
from chaos.faults.partition import Partition
from chaos.faults.power_loss import PowerLoss
from chaos.faults.redis_outage import KillRedis, RestartRedis
from chaos.faults.reload_redis import ReloadRedis
from chaos.faults.slow_redis import SlowRedis
from chaos.faults.squeeze_memory import SqueezeMemory


def restart_redis(
    downtime: float = 0.5, server: str = "primary", configuration: Configuration = None
) -> dict[str, Any]:
    """SIGTERM Redis and start it again `downtime` seconds later."""
    return perform_now(RestartRedis(downtime=downtime, server=server))


def kill_redis(
    downtime: float = 0.5, server: str = "primary", configuration: Configuration = None
) -> dict[str, Any]:
    """SIGKILL Redis and start it again `downtime` seconds later."""
    return perform_now(KillRedis(downtime=downtime, server=server))


def freeze_redis(
    duration: float = 3.0, server: str = "primary", configuration: Configuration = None
) -> dict[str, Any]:
    """Stop Redis with its connections open, for `duration` seconds."""
    return perform_now(FreezeRedis(duration=duration, server=server))


def disconnect_redis(
    duration: float = 3.0, server: str = "primary", configuration: Configuration = None
) -> dict[str, Any]:
    """Take Redis's container off its network, for `duration` seconds."""
    return perform_now(DisconnectRedis(duration=duration, server=server))


def reload_redis(
    load: float = 2.0,
    downtime: float = 0.0,
    server: str = "primary",
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Restart Redis; it needs `load` seconds to load its data, and says LOADING."""
    return perform_now(ReloadRedis(load=load, downtime=downtime, server=server))


def power_loss(
    downtime: float = 0.5,
    lag: float = 1.0,
    server: str = "primary",
    configuration: Configuration = None,
) -> dict[str, Any]:
    """SIGKILL Redis, and take what the disk did not have yet."""
    return perform_now(PowerLoss(downtime=downtime, lag=lag, server=server))


def amnesia(
    duration: float = 0.0, server: str = "primary", configuration: Configuration = None
) -> dict[str, Any]:
    """Redis forgets everything, as by FLUSHALL."""
    return perform_now(Amnesia(duration=duration, server=server))


def squeeze_memory(
    duration: float = 5.0,
    policy: str = "noeviction",
    share: float = 0.8,
    server: str = "primary",
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Lower `maxmemory` below what is used, under a policy."""
    return perform_now(SqueezeMemory(duration=duration, policy=policy, share=share, server=server))


def exhaust_connections(
    duration: float = 3.0, server: str = "primary", configuration: Configuration = None
) -> dict[str, Any]:
    """Hold every connection that Redis allows."""
    return perform_now(ExhaustConnections(duration=duration, server=server))


def slow_redis(
    duration: float = 3.0,
    stall: float = 0.3,
    every: float = 0.6,
    server: str = "primary",
    configuration: Configuration = None,
) -> dict[str, Any]:
    """Keep Redis busy for `stall` seconds, every `every` seconds."""
    return perform_now(SlowRedis(duration=duration, stall=stall, every=every, server=server))


def failover(
    duration: float = 1.0, server: str = "primary", configuration: Configuration = None
) -> dict[str, Any]:
    """Kill the primary of a Sentinel set until another has taken over."""
    return perform_now(Failover(duration=duration, server=server))


def cluster_shard_down(
    duration: float = 1.0, server: str = "primary", configuration: Configuration = None
) -> dict[str, Any]:
    """Kill a primary of a cluster until its replica has taken over."""
    return perform_now(ClusterShardDown(duration=duration, server=server))


def partition(
    duration: float = 3.0, server: str = "primary", configuration: Configuration = None
) -> dict[str, Any]:
    """Cut the primary off from its sentinels and replicas, not from customers."""
    return perform_now(Partition(duration=duration, server=server))
