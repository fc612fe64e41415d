"""The fleet of one run in containers, made with testcontainers on a network of their own."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import docker
from docker.types import EndpointConfig
from testcontainers.core.container import DockerContainer

from chaos.containers import engine, owner, reaper, service_image
from chaos.containers.container_guardian import Keeper
from chaos.containers.net import RunNetwork
from chaos.containers.node import ContainerNode
from chaos.containers.parts import (
    ENVOY_ADMIN_PORT,
    ENVOY_PORT,
    REDIS_PORT,
    SERVICE_PORT,
    ContainerEnvoy,
    ContainerRedis,
    ContainerReplica,
)
from chaos.containers.sweep import sweep
from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet import envoy_config
from chaos.fleet import fleet as process_fleet
from chaos.fleet.active_faults import ActiveFaults
from chaos.fleet.environment import LoadSwitch, ModelSwitch, Network
from chaos.fleet.guardian import RUN_ID_VARIABLE, Guardian
from chaos.fleet.ports import LOOPBACK, free_port

_CAPABILITIES = frozenset(
    {"kill", "terminate", "freeze", "restart", "redis-config", "memory-limit", "disconnect"}
)
_MIB = 1024 * 1024
_REPLICA_MEMORY = 512 * _MIB
_STARTERS = 4
_POLL_S = 0.1
_REDIS_CONFIG = "/etc/diya/redis.conf"
_ENVOY_CONFIG = "/etc/diya/envoy.json"


@dataclass(frozen=True)
class Images:
    """Which images a fleet is made of."""

    service: str = service_image.SERVICE
    redis: str = engine.REDIS
    envoy: str = engine.ENVOY
    health_path: str = "/readyz"
    """Where the service says that it is ready."""

    def all(self) -> dict[str, str]:
        """What each of them is for, and its name."""
        return {"redis": self.redis, "envoy": self.envoy, "service": self.service}


def check(images: Images, say: Callable[[str], None] = lambda _: None) -> None:
    """Make sure that there is an engine with these images.  Raises ContainersUnavailable."""
    client = engine.connect()
    try:
        engine.ensure(client, images.all(), say)
    finally:
        client.close()


class ContainerFleet:
    """As `chaos.fleet.fleet.Fleet`, in containers; a context manager that starts nothing itself."""

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
    ) -> None:
        """Plan the fleet; nothing is started.  Raises ChaosConfigError for an odd count.

        `pass_env` are names of variables that replicas get as they are in our environment: the key
        of a model, for example.  Their values are in no record and in no command line.
        """
        if not 1 <= replicas <= process_fleet.MOST_REPLICAS:
            raise ChaosConfigError(
                f"replicas = {replicas}: expected 1 to {process_fleet.MOST_REPLICAS}"
            )
        self.run_id = run_id
        self.run_dir = run_dir.absolute()
        self._images = images
        self.images: dict[str, engine.UsedImage] = {}
        """What it is made of, since it was started."""
        self._pass_env = tuple(pass_env)
        self._load = load
        self._aof, self._rdb = aof, rdb
        self._password = secrets.token_hex(24)
        self.marks: Mapping[str, str] = {**os.environ, RUN_ID_VARIABLE: run_id}
        """The environment of processes that must not outlive the run."""
        self.active_faults = ActiveFaults()
        self._labels = {owner.RUN_LABEL: run_id, owner.OWNER_LABEL: owner.token()}
        self._net: RunNetwork | None = None
        self._ips: dict[str, str] = {}
        self._settings = {"DIYA_SESSIONS": sessions, "DIYA_TTL_SECONDS": f"{ttl_seconds:g}"}
        self.redis = ContainerRedis(
            free_port(), self._password, aof, self._create_redis, self._network
        )
        names = [f"r{number:02d}" for number in range(1, replicas + 1)]
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
        self._guardian: Guardian | None = None
        self._keeper: Keeper | None = None
        self._progress: Callable[[str], None] = lambda _: None
        self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def capabilities(self) -> frozenset[str]:
        """What can be done to containers."""
        return _CAPABILITIES if self._load is None else _CAPABILITIES | {"load"}

    @property
    def network(self) -> Network:
        """Raises ChaosError: there is no proxy on the way."""
        raise ChaosError("a fleet in containers runs without proxies on the way")

    @property
    def model(self) -> ModelSwitch:
        """Raises ChaosError: the model cannot be switched."""
        raise ChaosError("the model in containers cannot be switched")

    @property
    def load(self) -> LoadSwitch:
        """The load generator's switch.  Raises ChaosError for a fleet that is under no load."""
        if self._load is None:
            raise ChaosError("the fleet is under no load of a run")
        return self._load

    @property
    def url(self) -> str:
        """Where customers come in: the load balancer."""
        return self.balancer.url

    def start(self, progress: Callable[[str], None] | None = None) -> None:
        """Sweep what dead runs left, then start Redis, the replicas and the balancer.

        Raises ChaosError, or ContainersUnavailable without an engine or an image.
        """
        self._progress = progress or self._progress
        client = engine.connect()
        try:
            self.images = engine.ensure(client, self._images.all(), self._progress)
            reaper.choose(client)
            self._take_over(client)
        finally:
            client.close()
        self._net = RunNetwork(self._labels)
        for name in ("redis", "envoy", *self.replicas):
            self._ips[name] = self._net.address()
        self.redis.start()
        self.redis.wait_ready(30)
        info = self.redis.info
        self._progress(f"{info.name} {info.version} ready")
        with ThreadPoolExecutor(_STARTERS) as starters:
            for started in [starters.submit(each.start) for each in self.replicas.values()]:
                started.result()
        self.balancer.start()
        self._progress(f"{len(self.replicas)} replicas and the balancer started")

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Wait until every replica is ready and the balancer routes to all of them.

        Raises ChaosConfigError with a replica's own sentence, or ChaosError.
        """
        deadline = time.monotonic() + timeout
        pending = dict(self.replicas)
        while pending:
            for name, replica in list(pending.items()):
                if replica.ready():
                    del pending[name]
                    continue
                replica.check_alive()
                if time.monotonic() > deadline:
                    raise ChaosError(f"{', '.join(pending)} not ready within {timeout:g} s")
            if pending:
                time.sleep(_POLL_S)
        self.wait_balanced(max(1.0, deadline - time.monotonic()))
        self._progress(f"the balancer routes to all {len(self.replicas)} replicas")

    def wait_balanced(self, timeout: float = 10.0) -> None:
        """Wait until the balancer routes to every replica that runs.  Raises ChaosError."""
        running = [
            name for name, each in self.replicas.items() if each.running and each.connected()
        ]
        self.balancer.wait_in_rotation(running, timeout)

    def stop(self) -> None:
        """Keep the logs and remove everything of the run.  May be called again."""
        if self._stopped:
            return
        self._stopped = True
        nodes: list[ContainerNode] = [self.balancer, *self.replicas.values(), self.redis]
        for node in nodes:
            node.close()
        if self._keeper is not None:
            self._save_logs(nodes)
            self._keeper.close()
        if self._guardian is not None:
            self._guardian.close()

    def _take_over(self, client: Any, leftovers: Sequence[str] = ()) -> None:
        """Remove what dead runs left; from now on somebody watches that this one leaves nothing.

        `leftovers` are the guardian's.
        """
        for run_id in sweep(client):
            self._progress(f"removed what run {run_id} had left")
        self._guardian = Guardian.start(self.run_id, leftovers)
        self._keeper = Keeper(self.run_id)

    def _save_logs(self, nodes: Sequence[ContainerNode]) -> None:
        logs = self.run_dir / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        for node in nodes:
            node.save_log(logs / f"{node.name}.log")

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
        text = (
            f"bind 0.0.0.0\nport {REDIS_PORT}\nrequirepass {self._password}\ndir /data\n"
            f"appendonly {'no' if self._aof == 'off' else 'yes'}\n"
            + ("" if self._aof == "off" else f"appendfsync {self._aof}\n")
            + "latency-tracking no\n"
            + ("save 3600 1 300 100 60 10000\n" if self._rdb else 'save ""\n')
        )
        ports = {REDIS_PORT: self.redis.port}
        container = self._container("redis", "redis", ports, working_dir="/data")
        # A file, because a command line can be read by everybody.
        container.with_copy_into_container(text.encode(), _REDIS_CONFIG, 0o644)
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
                "DIYA_REPLICA": name,
                "DIYA_REDIS_URL": f"redis://{login}{self._ips['redis']}:{REDIS_PORT}/0",
            }
            return container.start().get_wrapped_container()

        return create

    def _passed(self) -> dict[str, str]:
        return {
            name: value
            for name, value in os.environ.items()
            if name.startswith("DIYA_MODEL") or name in self._pass_env
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
