"""The fleet of one run in containers, made with testcontainers on a network of their own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import docker
import psutil
from docker.types import EndpointConfig
from testcontainers.core.container import DockerContainer

from chaos.containers import engine, owner, reaper, service_image
from chaos.containers.container_lifecycle import ContainerLifecycle
from chaos.containers.net import RunNetwork
from chaos.containers.parts import (
    ENVOY_ADMIN_PORT,
    ENVOY_PORT,
    REDIS_PORT,
    SERVICE_PORT,
    ContainerEnvoy,
    ContainerRedis,
    ContainerReplica,
    redis_settings,
)
from chaos.errors import ChaosError
from chaos.fleet import envoy_config
from chaos.fleet.environment import LoadSwitch
from chaos.fleet.lifecycle import replica_names
from chaos.fleet.plan import FleetPlan
from chaos.fleet.ports import LOOPBACK, free_port
from chaos.fleet.stand_in import StandInPlan
from chaos.fleet.stand_in_control import TOKEN_VARIABLE

_MIB = 1024 * 1024
_REPLICA_MEMORY = 512 * _MIB
_STARTERS = 4
_REDIS_CONFIG = "/etc/diya/redis.conf"
_ENVOY_CONFIG = "/etc/diya/envoy.json"
_THE_HOST = "host.docker.internal"
"""The name of the Docker host where its engine runs in a virtual machine."""


@dataclass(frozen=True)
class Images:
    """The images of a fleet."""

    service: str = service_image.SERVICE
    redis: str = engine.REDIS
    envoy: str = engine.ENVOY
    health_path: str = "/readyz"
    """The path of the service's readiness check."""

    def all(self) -> dict[str, str]:
        """Role → the name of its image."""
        return {"redis": self.redis, "envoy": self.envoy, "service": self.service}


def check(images: Images, say: Callable[[str], None] = lambda _: None) -> None:
    """Make sure that there is an engine with these images.  Raises ContainersUnavailable."""
    client = engine.connect()
    try:
        engine.ensure(client, images.all(), say)
    finally:
        client.close()


class ContainerFleet(ContainerLifecycle):
    """A fleet of containers that testcontainers makes."""

    def __init__(
        self,
        run_dir: Path,
        run_id: str,
        *,
        images: Images,
        replicas: int = 3,
        sessions: str = "redis",
        ttl_seconds: float = 30.0,
        aof: str = "everysec",
        rdb: bool = False,
        base_port: int | None = None,
        load: LoadSwitch | None = None,
        pass_env: Sequence[str] = (),
        replica_env: Mapping[str, str] | None = None,
        stand_in: StandInPlan | None = None,
    ) -> None:
        """Plan the fleet; nothing is started.  Raises ChaosConfigError for an odd count.

        `pass_env` are names of variables that replicas get from diya's environment: the key of a
        model, for example.  Their values are in no record and in no command line.  `replica_env` is
        more of the replicas' environment; `stand_in` answers in place of their model.
        """
        names = replica_names(replicas)
        super().__init__(
            run_dir,
            run_id,
            sessions=sessions,
            ttl_seconds=ttl_seconds,
            aof=aof,
            rdb=rdb,
            load=load,
        )
        self._images = images
        self._pass_env = tuple(pass_env)
        self._replica_env = dict(replica_env or {})
        self._plan_stand_in(stand_in)
        self._labels = {owner.RUN_LABEL: run_id, owner.OWNER_LABEL: owner.token()}
        self._net: RunNetwork | None = None
        self._ips: dict[str, str] = {}
        self.redis = ContainerRedis(
            free_port(), self._password, aof, self._create_redis, self._network
        )
        self.replicas = {
            name: ContainerReplica(
                name, free_port(), images.health_path, self._creator_of(name), self._network
            )
            for name in names
        }
        self.balancer = ContainerEnvoy(
            base_port or free_port(),
            free_port(),
            lambda: {self._ips[name]: name for name in names},
            self._create_envoy,
            self._network,
        )

    @classmethod
    def from_plan(cls, plan: FleetPlan) -> Self:
        """The fleet, not started.  Raises ChaosConfigError for settings that are impossible."""
        return cls(
            plan.run_dir,
            plan.run_id,
            images=Images(**plan.images, health_path=plan.health_path),
            replicas=plan.replicas,
            sessions=plan.sessions,
            ttl_seconds=plan.ttl_seconds,
            aof=plan.topology.aof,
            rdb=plan.topology.rdb,
            base_port=plan.base_port,
            load=plan.load,
            pass_env=plan.pass_env,
            replica_env=plan.replica_env,
            stand_in=plan.stand_in,
        )

    def _prepare(self) -> None:
        client = engine.connect()
        try:
            self.images = engine.ensure(client, self._images.all(), self._say)
            reaper.choose(client)
            self._take_over(client)
        finally:
            client.close()
        self._undo.callback(self._save_logs)
        self._net = RunNetwork(self._labels)
        for name in ("redis", "envoy", *self.replicas):
            self._ips[name] = self._net.address()
        if self.stand_in is not None:
            gateway = self._net.gateway
            if gateway in _own_addresses():
                self.stand_in.open(gateway)
            else:  # the engine runs in a virtual machine, which passes such connections on
                self.stand_in.open(LOOPBACK, seen_as=_THE_HOST)

    def _start_replicas(self) -> None:
        with ThreadPoolExecutor(_STARTERS) as starters:
            for started in [starters.submit(each.start) for each in self.replicas.values()]:
                started.result()

    def _network(self) -> Any:
        if self._net is None:
            raise ChaosError("the fleet was not started")
        return self._net.docker

    def _container(
        self, role: str, name: str, ports: Mapping[int, int], **more: Any
    ) -> DockerContainer:
        """A container at its address; `ports` maps those inside to those on the loopback.

        `more` is docker-py's.
        """
        assert self._net is not None
        place = EndpointConfig(docker.__version__, aliases=[name], ipv4_address=self._ips[name])
        container = DockerContainer(self.images[role]["name"])
        # By its id: the name may stand for another image by now, if another run has built one.
        container.image = self.images[role]["id"]
        container.with_name(f"diya-{self.run_id}-{name}")
        published: Any = {str(inside): (LOOPBACK, port) for inside, port in ports.items()}
        container.ports = published
        return container.with_kwargs(
            labels=self._labels,
            network=self._net.name,
            networking_config={self._net.name: place},
            **more,
        )

    def _create_redis(self) -> Any:
        lines = [
            "bind 0.0.0.0",
            f"port {REDIS_PORT}",
            "dir /data",
            *redis_settings(self._password, self._aof, rdb=self._rdb),
        ]
        ports = {REDIS_PORT: self.redis.port}
        container = self._container("redis", "redis", ports, working_dir="/data")
        # A file, because every user can read a command line.
        container.with_copy_into_container("\n".join([*lines, ""]).encode(), _REDIS_CONFIG, 0o644)
        container.with_command(["redis-server", _REDIS_CONFIG])
        return container.start().get_wrapped_container()

    def _creator_of(self, name: str) -> Callable[[], Any]:
        def create() -> Any:
            ports = {SERVICE_PORT: self.replicas[name].port}
            container = self._container("service", name, ports, mem_limit=_REPLICA_MEMORY)
            login = f":{self._password}@" if self._password else ""
            container.env = {
                **self._passed(),
                **self._settings,
                **self._replica_env,
                **self._model_env(name),
                "DIYA_REPLICA": name,
                "DIYA_REDIS_URL": f"redis://{login}{self._ips['redis']}:{REDIS_PORT}/0",
            }
            return container.start().get_wrapped_container()

        return create

    def _passed(self) -> dict[str, str]:
        return {
            name: value
            for name, value in os.environ.items()
            if (name.startswith("DIYA_MODEL") and name != TOKEN_VARIABLE) or name in self._pass_env
        }

    def _create_envoy(self) -> Any:
        where: dict[str, envoy_config.Where] = {
            name: (self._ips[name], SERVICE_PORT) for name in self.replicas
        }
        document = envoy_config.config(
            ENVOY_PORT,
            ENVOY_ADMIN_PORT,
            where,
            host="0.0.0.0",
            health_path=self._images.health_path,
        )
        ports = {ENVOY_PORT: self.balancer.port, ENVOY_ADMIN_PORT: self.balancer.admin_port}
        container = self._container("envoy", "envoy", ports, entrypoint=["envoy"])
        container.with_copy_into_container(json.dumps(document).encode(), _ENVOY_CONFIG, 0o644)
        container.with_command(
            [
                *("--config-path", _ENVOY_CONFIG),
                *("--concurrency", "1"),
                *("--log-level", "warn"),
                "--disable-hot-restart",
            ]
        )
        return container.start().get_wrapped_container()


def _own_addresses() -> set[str]:
    """The addresses of this machine."""
    return {each.address for found in psutil.net_if_addrs().values() for each in found}
