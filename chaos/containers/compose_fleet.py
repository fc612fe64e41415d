"""The fleet of deploy/compose.yaml, its load included: all of it is in the file."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from chaos.containers import engine, owner, service_image
from chaos.containers.compose import Project
from chaos.containers.docker_errors import REFUSALS
from chaos.containers.fleet import ContainerFleet, Images
from chaos.containers.node import ContainerNode
from chaos.containers.parts import SERVICE_PORT, ContainerEnvoy, ContainerReplica
from chaos.errors import ChaosError
from chaos.fleet.environment import LoadSwitch

_SERVICE_LABEL = "com.docker.compose.service"
_NUMBER_LABEL = "com.docker.compose.container-number"
_BUILT = {"agent": "service", "locust-master": "generator", "locust-worker": "generator"}
"""Services of the file that it builds, and the target of the Dockerfile."""
_SHORT = 12
_INSIDE = "/records"
"""The run directory, as Locust's master sees it."""


class ComposedReplica(ContainerReplica):
    """A replica that gets another port on the host, and another address, at every start."""

    def adopt(self, container: Any) -> None:
        """As of any node."""
        super().adopt(container)
        self._learn_port()

    def start(self) -> None:
        """As of any node."""
        super().start()
        self._learn_port()

    def reconnect(self) -> None:
        """As of any node."""
        super().reconnect()
        self._learn_port()

    def _learn_port(self) -> None:
        ports = self._looked_at().attrs["NetworkSettings"]["Ports"]
        published = ports.get(f"{SERVICE_PORT}/tcp")
        if published:
            self.port = int(published[0]["HostPort"])


class ComposeFleet(ContainerFleet):
    """What a fleet in containers is, made by compose under a project name of the run."""

    def __init__(
        self,
        run_dir: Path,
        run_id: str,
        *,
        images: Mapping[str, str],
        workers: int = 1,
        replicas: int = 12,
        sessions: str = "redis",
        ttl_seconds: float = 30.0,
        aof: str = "everysec",
        rdb: bool = False,
        base_port: int | None = None,
        load: LoadSwitch | None = None,
    ) -> None:
        """Plan the fleet; nothing is started.

        `images` go before those of the file: `service`, `redis`, `envoy`.  Raises
        ChaosConfigError for an odd count, ContainersUnavailable without compose or its file.
        """
        super().__init__(
            run_dir,
            run_id,
            images=Images(),
            replicas=replicas,
            sessions=sessions,
            ttl_seconds=ttl_seconds,
            aof=aof,
            rdb=rdb,
            base_port=base_port,
            load=load,
        )
        self.replicas = {
            name: ComposedReplica(name, each.port, "/readyz", _composed, self._network)
            for name, each in self.replicas.items()
        }
        self.balancer = ContainerEnvoy(
            self.balancer.port,
            self.balancer.admin_port,
            self._addresses,
            _composed,
            self._network,
        )
        self.locust = ContainerNode("locust-master", _composed, self._network)
        self._workers = [
            ContainerNode(f"locust-worker-{number + 1}", _composed, self._network)
            for number in range(workers)
        ]
        named = {**os.environ, **_variables_of(images)}
        self._bought = {
            "redis": named.get("DIYA_REDIS_IMAGE") or engine.REDIS,
            "envoy": named.get("DIYA_ENVOY_IMAGE") or engine.ENVOY,
        }
        self._made = {
            "service": named.get("DIYA_SERVICE_IMAGE") or service_image.SERVICE,
            "generator": named.get("DIYA_GENERATOR_IMAGE") or service_image.GENERATOR,
        }
        self._client: Any = None
        self._local = self.run_dir / "compose" / "redis-local.conf"
        self._project = Project(
            f"diya-{run_id}", {**self._settings, **self._variables(images, workers)}
        )

    def _variables(self, images: Mapping[str, str], workers: int) -> dict[str, str]:
        return {
            "DIYA_RUN_ID": self.run_id,
            "DIYA_RUN_OWNER": owner.token(),
            "DIYA_REPLICAS": str(len(self.replicas)),
            "DIYA_WORKERS": str(workers),
            "DIYA_PORT": str(self.balancer.port),
            "DIYA_ADMIN_PORT": str(self.balancer.admin_port),
            "DIYA_REDIS_PORT": str(self.redis.port),
            "DIYA_UI_PORT": "0",
            "DIYA_REDIS_PASSWORD": self._password,
            "DIYA_REDIS_LOCAL": str(self._local),
            "DIYA_RECORDS": str(self.run_dir),
            "DIYA_LOAD_RUN_DIR": _INSIDE,
            "DIYA_LOAD_HEADLESS": "true",
            # The records are ours, not the container's.
            "DIYA_LOAD_USER": f"{os.getuid()}:{os.getgid()}",
            **_variables_of(images),
        }

    def start(self, progress: Callable[[str], None] | None = None) -> None:
        """Sweep what dead runs left, then bring up all but the load.

        Raises ChaosError, or ContainersUnavailable without an engine or an image.
        """
        self._progress = progress or self._progress
        self._client = engine.connect()
        self.images = engine.ensure(self._client, self._bought, self._progress)
        for service in ("agent", "locust-master"):
            image = self._made[_BUILT[service]]
            # What has a name of its own is somebody's choice; ours must be of the sources here.
            if image in service_image.NAMES or not engine.has_image(self._client, image):
                self._progress(f"building {image}")
                self._project.build(service)
            self.images[_BUILT[service]] = engine.used(self._client, image)
        # The file with the password goes, whatever becomes of us.
        self._take_over(self._client, [glob.escape(str(self._local.parent))])
        self._write_local()
        self._progress("compose: up")
        self._project.up("redis", "agent", "envoy")
        self._adopt("redis", [self.redis])
        self._adopt("agent", list(self.replicas.values()))
        self._adopt("envoy", [self.balancer])
        self.redis.wait_ready(30)
        info = self.redis.info
        self._progress(f"{info.name} {info.version} ready")

    def start_load(self) -> None:
        """Let Locust's master and workers play what is in `run.json`.  Raises ChaosError."""
        self._project.up("locust-master", "locust-worker")
        self._adopt("locust-master", [self.locust])
        self._adopt("locust-worker", self._workers)

    def stop(self) -> None:
        """Keep the logs and remove everything of the run.  May be called again."""
        if self._stopped:
            return
        self._stopped = True
        nodes = self._nodes()
        for node in nodes:
            node.close()
        if self._keeper is not None:
            self._save_logs(nodes)
            # What it leaves, and says so, the keeper removes.
            with contextlib.suppress(ChaosError):
                self._project.down()
            self._keeper.close()
        if self._client is not None:
            self._client.close()
        if self._guardian is not None:
            self._guardian.close()

    @property
    def containers(self) -> dict[str, str]:
        """Replica → its container's id as `docker ps` shows it: the name it answers by."""
        return {name: each.id[:_SHORT] for name, each in self.replicas.items()}

    def _nodes(self) -> list[ContainerNode]:
        return [self.balancer, *self.replicas.values(), self.redis, self.locust, *self._workers]

    def _write_local(self) -> None:
        self._local.parent.mkdir(mode=0o700, parents=True)
        lines = [
            f"requirepass {self._password}",
            f"appendonly {'no' if self._aof == 'off' else 'yes'}",
            *([] if self._aof == "off" else [f"appendfsync {self._aof}"]),
            "save 3600 1 300 100 60 10000" if self._rdb else 'save ""',
            "latency-tracking no",
        ]
        self._local.write_text("\n".join(lines) + "\n")
        # Redis runs as somebody else in there; here the folder keeps everybody out.
        self._local.chmod(0o644)

    def _adopt(self, service: str, nodes: list[Any]) -> None:
        found = [each for each in self._listed() if each["Labels"][_SERVICE_LABEL] == service]
        if len(found) != len(nodes):
            raise ChaosError(
                f"compose brought up {len(found)} containers of {service}; "
                f"{len(nodes)} were expected"
            )
        made = self.images.get(_BUILT.get(service, ""))
        if made is not None and {each["ImageID"] for each in found} != {made["id"]}:
            raise ChaosError(
                f"compose started {service} from another image than the {made['name']} that was "
                "built for this run: it was built again meanwhile, try again"
            )
        found.sort(key=lambda each: int(each["Labels"][_NUMBER_LABEL]))
        for node, each in zip(nodes, found, strict=True):
            node.adopt(self._client.containers.get(each["Id"]))

    def _listed(self) -> list[dict[str, Any]]:
        filters = {"label": f"com.docker.compose.project={self._project.name}"}
        return list(self._client.api.containers(all=True, filters=filters))

    def _addresses(self) -> dict[str, str]:
        names = {each.id: name for name, each in self.replicas.items()}
        try:
            listed = self._listed()
        except REFUSALS:
            return {}  # whoever waits for a replica asks again, until its own time is over
        return {
            joined["IPAddress"]: names[each["Id"]]
            for each in listed
            if each["Id"] in names
            for joined in each["NetworkSettings"]["Networks"].values()
            if joined["IPAddress"]
        }

    def _network(self) -> Any:
        if self._client is None:
            raise ChaosError("the fleet was not started")
        filters = {"label": f"com.docker.compose.project={self._project.name}"}
        (network,) = self._client.networks.list(filters=filters)
        return network


def _composed() -> Any:
    raise ChaosError("compose makes the containers of this fleet: it was not up")


def _variables_of(images: Mapping[str, str]) -> dict[str, str]:
    return {f"DIYA_{name.upper()}_IMAGE": image for name, image in images.items()}
