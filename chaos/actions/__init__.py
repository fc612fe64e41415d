"""The faults as plain functions, as Chaos Toolkit calls actions.

An experiment names them: `module: chaos.actions`, `func: kill_replica`.  Our own schedule reads
the same names and makes the same faults, at its own times.  Each function does its fault now and
returns its window; it raises ChaosError when the fault failed or cannot be done.
"""

from __future__ import annotations

from chaos.actions.load import load_spike, reconnect_storm
from chaos.actions.model import model_cut_streams, model_errors, model_rate_limit, slow_model
from chaos.actions.network import (
    network_bandwidth,
    network_black_hole,
    network_cut,
    network_latency,
    network_one_way,
    network_reset,
    network_slicer,
    network_slow_close,
)
from chaos.actions.redis import (
    amnesia,
    cluster_shard_down,
    disconnect_redis,
    exhaust_connections,
    failover,
    freeze_redis,
    kill_redis,
    partition,
    power_loss,
    reload_redis,
    restart_redis,
    slow_redis,
    squeeze_memory,
)
from chaos.actions.replica import (
    cpu_hog,
    disconnect_replica,
    freeze_replica,
    kill_half,
    kill_replica,
    kill_streaming,
    kill_zone,
    limit_memory,
    memory_hog,
    noop,
    rolling_restart,
    slow_start,
    terminate_replica,
)
from chaos.faults.amnesia import Amnesia
from chaos.faults.base import Fault
from chaos.faults.disconnect import DisconnectRedis, DisconnectReplica
from chaos.faults.exhaust_connections import ExhaustConnections
from chaos.faults.failover import ClusterShardDown, Failover
from chaos.faults.freeze import FreezeRedis, FreezeReplica
from chaos.faults.hogs import CpuHog, MemoryHog
from chaos.faults.kill_many import KillHalf, KillZone
from chaos.faults.kill_replica import KillReplica
from chaos.faults.kill_streaming import KillStreaming
from chaos.faults.limit_memory import LimitMemory
from chaos.faults.load import LoadSpike, ReconnectStorm
from chaos.faults.model import ModelCutStreams, ModelErrors, ModelRateLimit, SlowModel
from chaos.faults.network import (
    NetworkBandwidth,
    NetworkBlackHole,
    NetworkCut,
    NetworkLatency,
    NetworkOneWay,
    NetworkReset,
    NetworkSlicer,
    NetworkSlowClose,
)
from chaos.faults.noop import Noop
from chaos.faults.partition import Partition
from chaos.faults.power_loss import PowerLoss
from chaos.faults.redis_outage import KillRedis, RestartRedis
from chaos.faults.reload_redis import ReloadRedis
from chaos.faults.rolling_restart import RollingRestart
from chaos.faults.slow_redis import SlowRedis
from chaos.faults.slow_start import SlowStart
from chaos.faults.squeeze_memory import SqueezeMemory
from chaos.faults.terminate_replica import TerminateReplica

__all__ = [
    "FAULTS",
    "amnesia",
    "cluster_shard_down",
    "cpu_hog",
    "disconnect_redis",
    "disconnect_replica",
    "exhaust_connections",
    "failover",
    "freeze_redis",
    "freeze_replica",
    "kill_half",
    "kill_redis",
    "kill_replica",
    "kill_streaming",
    "kill_zone",
    "limit_memory",
    "load_spike",
    "memory_hog",
    "model_cut_streams",
    "model_errors",
    "model_rate_limit",
    "network_bandwidth",
    "network_black_hole",
    "network_cut",
    "network_latency",
    "network_one_way",
    "network_reset",
    "network_slicer",
    "network_slow_close",
    "noop",
    "partition",
    "power_loss",
    "reconnect_storm",
    "reload_redis",
    "restart_redis",
    "rolling_restart",
    "slow_model",
    "slow_redis",
    "slow_start",
    "squeeze_memory",
    "terminate_replica",
]

FAULTS: dict[str, type[Fault]] = {
    "noop": Noop,
    "kill_replica": KillReplica,
    "terminate_replica": TerminateReplica,
    "rolling_restart": RollingRestart,
    "freeze_replica": FreezeReplica,
    "disconnect_replica": DisconnectReplica,
    "limit_memory": LimitMemory,
    "slow_start": SlowStart,
    "cpu_hog": CpuHog,
    "memory_hog": MemoryHog,
    "kill_streaming": KillStreaming,
    "kill_half": KillHalf,
    "kill_zone": KillZone,
    "restart_redis": RestartRedis,
    "kill_redis": KillRedis,
    "freeze_redis": FreezeRedis,
    "disconnect_redis": DisconnectRedis,
    "reload_redis": ReloadRedis,
    "power_loss": PowerLoss,
    "amnesia": Amnesia,
    "squeeze_memory": SqueezeMemory,
    "exhaust_connections": ExhaustConnections,
    "slow_redis": SlowRedis,
    "failover": Failover,
    "cluster_shard_down": ClusterShardDown,
    "partition": Partition,
    "slow_model": SlowModel,
    "model_errors": ModelErrors,
    "model_rate_limit": ModelRateLimit,
    "model_cut_streams": ModelCutStreams,
    "load_spike": LoadSpike,
    "reconnect_storm": ReconnectStorm,
    "network_latency": NetworkLatency,
    "network_bandwidth": NetworkBandwidth,
    "network_reset": NetworkReset,
    "network_black_hole": NetworkBlackHole,
    "network_one_way": NetworkOneWay,
    "network_slow_close": NetworkSlowClose,
    "network_slicer": NetworkSlicer,
    "network_cut": NetworkCut,
}
"""Which function of this package does which fault."""
