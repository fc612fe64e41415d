"""Optional protocols of nodes: each kind has its own, and a fault asks for the one it needs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from chaos.containers.parts import ContainerRedis, ContainerReplica
from chaos.errors import ChaosError
from chaos.fleet.node_capabilities import (
    CanDisconnect,
    CanLimitMemory,
    CanStress,
    HasDataFiles,
    disconnectable,
    stressable,
    with_data_files,
    with_memory_limit,
)
from chaos.fleet.redis_server import RedisServer
from chaos.fleet.replica import Replica

PROTOCOLS = (CanStress, HasDataFiles, CanDisconnect, CanLimitMemory)


def not_called() -> Any:
    raise AssertionError("nothing is started here")


def replica(folder: Path) -> Replica:
    return Replica("r01", 1, {}, folder / "r01.log", [sys.executable])


def contained_replica() -> ContainerReplica:
    return ContainerReplica("r01", 1, "/readyz", not_called, not_called)


def of(node: object) -> set[type]:
    return {each for each in PROTOCOLS if isinstance(node, each)}


def test_a_node_has_the_protocols_of_its_kind(tmp_path: Path) -> None:
    assert of(replica(tmp_path)) == {CanStress}
    assert of(RedisServer("bundled", tmp_path)) == {HasDataFiles}
    assert of(contained_replica()) == {CanDisconnect, CanLimitMemory}
    contained_redis = ContainerRedis(1, "secret", "off", not_called, not_called)
    assert of(contained_redis) == {CanDisconnect, CanLimitMemory}


def test_a_node_without_the_protocol_is_refused_with_the_capability(tmp_path: Path) -> None:
    process, container = replica(tmp_path), contained_replica()
    with pytest.raises(ChaosError, match=r"^r01 lacks cpu: take a node's processor time away$"):
        stressable(container)
    with pytest.raises(ChaosError, match=r"^r01 lacks redis-data: "):
        with_data_files(container)
    with pytest.raises(ChaosError, match=r"^r01 lacks disconnect: "):
        disconnectable(process)
    with pytest.raises(ChaosError, match=r"^r01 lacks memory-limit: "):
        with_memory_limit(process)
