"""Every fault: its class has its name, parameters, needs, and how it is drawn at random.

A new fault is a class in a file of this package, a row here, and a test.  Its action, its verb in
a test and its place in experiments follow from the class.
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.faults.amnesia import Amnesia
from chaos.faults.base import Fault
from chaos.faults.database import FreezeDatabase, KillDatabase, RestartDatabase
from chaos.faults.disconnect import DisconnectRedis, DisconnectReplica
from chaos.faults.exhaust_connections import ExhaustConnections
from chaos.faults.failover import ClusterShardDown, Failover
from chaos.faults.freeze import FreezeRedis, FreezeReplica
from chaos.faults.kill_many import KillHalf, KillZone
from chaos.faults.kill_replica import KillReplica
from chaos.faults.kill_streaming import KillStreaming
from chaos.faults.limit_memory import LimitMemory
from chaos.faults.load import LoadSpike, ReconnectStorm
from chaos.faults.model import (
    ModelCutStreams,
    ModelErrors,
    ModelGarbage,
    ModelRateLimit,
    ModelUnfinishedStreams,
    SlowModel,
)
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
from chaos.faults.resource_stress import CpuHog, MemoryHog
from chaos.faults.rolling_restart import RollingRestart
from chaos.faults.scale_down import ScaleDown
from chaos.faults.slow_redis import SlowRedis
from chaos.faults.slow_start import SlowStart
from chaos.faults.squeeze_memory import SqueezeMemory
from chaos.faults.terminate_replica import TerminateReplica

CATALOGUE: tuple[type[Fault], ...] = (
    Noop,
    KillReplica,
    TerminateReplica,
    RollingRestart,
    FreezeReplica,
    DisconnectReplica,
    LimitMemory,
    SlowStart,
    CpuHog,
    MemoryHog,
    KillStreaming,
    KillHalf,
    KillZone,
    RestartRedis,
    KillRedis,
    FreezeRedis,
    DisconnectRedis,
    ReloadRedis,
    PowerLoss,
    Amnesia,
    SqueezeMemory,
    ExhaustConnections,
    SlowRedis,
    Failover,
    ClusterShardDown,
    Partition,
    SlowModel,
    ModelErrors,
    ModelRateLimit,
    ModelCutStreams,
    LoadSpike,
    ReconnectStorm,
    NetworkLatency,
    NetworkBandwidth,
    NetworkReset,
    NetworkBlackHole,
    NetworkOneWay,
    NetworkSlowClose,
    NetworkSlicer,
    NetworkCut,
    ModelUnfinishedStreams,
    ModelGarbage,
    RestartDatabase,
    KillDatabase,
    FreezeDatabase,
    ScaleDown,
)
"""The order is that of every list of faults, and of random drawing: a row in the middle changes
the experiments that seeds give."""

FAULTS: Mapping[str, type[Fault]] = {kind.function_name(): kind for kind in CATALOGUE}
"""By the name of the function in `ACTIONS_MODULE`, for example `kill_replica`."""

ACTIONS_MODULE = "chaos.actions"
"""The module that experiments name."""
