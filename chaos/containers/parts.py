"""The parts of a fleet in containers: replicas, Redis and the balancer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import quote

import redis

from chaos.containers.node import ContainerNode
from chaos.fleet.envoy import healthy_hosts, host_counters
from chaos.fleet.ports import LOOPBACK
from chaos.fleet.redis_client import connect
from chaos.fleet.service_node import HttpReplica
from chaos.fleet.single_redis import SingleRedis

SERVICE_PORT = 8000
REDIS_PORT = 6379
ENVOY_PORT = 10000
ENVOY_ADMIN_PORT = 9901


class ContainerReplica(HttpReplica, ContainerNode):
    """A replica, whose port is published on the loopback interface."""

    def __init__(
        self,
        name: str,
        port: int,
        health_path: str,
        create: Callable[[], Any],
        network: Callable[[], Any],
    ) -> None:
        super().__init__(name, create, network)
        self.port = port
        self.health_path = health_path


class ContainerRedis(SingleRedis, ContainerNode):
    """Redis in a container: the one server of its store."""

    def __init__(
        self,
        port: int,
        password: str,
        fsync: str,
        create: Callable[[], Any],
        network: Callable[[], Any],
    ) -> None:
        super().__init__("redis", create, network)
        self.port = port
        self.fsync = fsync
        self._login = f":{quote(password, safe='')}@" if password else ""

    @property
    def url(self) -> str:
        """Where it answers, password included: never for logs."""
        return f"redis://{self._login}{self._where()}/0"

    @property
    def address(self) -> str:
        """The same without the password."""
        return f"redis://{self._where()}/0"

    def answers(self) -> bool:
        """Whether it answers PING now; not while it loads its data."""
        try:
            with connect(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Wait for that.  Raises ChaosError when it ends or `timeout` seconds pass."""
        self.wait_until(self.answers, timeout, "ready")

    def _where(self) -> str:
        return f"{LOOPBACK}:{self.port}"


def redis_settings(password: str, aof: str, *, rdb: bool) -> list[str]:
    """The lines of redis.conf that follow from the plan of a fleet."""
    return [
        f"requirepass {password}",
        f"appendonly {'no' if aof == 'off' else 'yes'}",
        *([] if aof == "off" else [f"appendfsync {aof}"]),
        "save 3600 1 300 100 60 10000" if rdb else 'save ""',
        "latency-tracking no",
    ]


class ContainerEnvoy(ContainerNode):
    """Envoy in front of replicas, known by their addresses on the network."""

    def __init__(
        self,
        port: int,
        admin_port: int,
        addresses: Callable[[], Mapping[str, str]],
        create: Callable[[], Any],
        network: Callable[[], Any],
    ) -> None:
        """`addresses` maps an address on the network to the name of its replica."""
        super().__init__("envoy", create, network)
        self.port = port
        self.admin_port = admin_port
        self._addresses = addresses

    @property
    def url(self) -> str:
        """Where customers come in."""
        return f"http://{LOOPBACK}:{self.port}"

    def in_rotation(self) -> set[str]:
        """The names of the replicas to which it sends requests now."""
        names = self._addresses()
        return {names[host] for host, _ in healthy_hosts(self.admin_port) if host in names}

    def counters(self) -> dict[str, dict[str, float]]:
        """Its counts for each replica since it started; empty without an answer."""
        names = self._addresses()
        found = host_counters(self.admin_port)
        return {names[host]: counted for (host, _), counted in found if host in names}

    def wait_in_rotation(self, wanted: Collection[str], timeout: float) -> None:
        """Wait until it sends requests to all of them.  Raises ChaosError."""
        names = set(wanted)
        self.wait_until(
            lambda: names <= self.in_rotation(), timeout, f"routing to {', '.join(sorted(names))}"
        )
