"""The fleet of deploy/compose.yaml, its load included: all of it is in the file."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from msgspec import structs

from chaos.containers import engine, owner, service_image
from chaos.containers.compose import Project
from chaos.containers.container_lifecycle import ContainerLifecycle
from chaos.containers.docker_errors import REFUSALS
from chaos.containers.node import ContainerNode
from chaos.containers.parts import (
    SERVICE_PORT,
    ContainerEnvoy,
    ContainerRedis,
    ContainerReplica,
    redis_settings,
)
from chaos.errors import ChaosError
from chaos.fleet.environment import LoadSwitch
from chaos.fleet.lifecycle import replica_names
from chaos.fleet.parts import LoadNode, Part
from chaos.fleet.plan import FleetPlan
from chaos.fleet.ports import free_port
from reports.records.run_description import EnvironmentDescription

_SERVICE_LABEL = "com.docker.compose.service"
_NUMBER_LABEL = "com.docker.compose.container-number"
_BUILT = {"agent": "service", "locust-master": "generator", "locust-worker": "generator"}
"""Services of the file that it builds, and the target of the Dockerfile."""
_SHORT = 12
_INSIDE = "/records"
"""The run directory, as Locust's master sees it."""


class ComposedReplica(ContainerReplica):
    """A replica that gets another port on the host, and another address, at every start."""

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


class ComposeFleet(ContainerLifecycle):
    """A fleet of containers that compose makes, under a project name of the run.

    Compose brings all of them up at once; the first start of a node finds its container.
    """

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
        ChaosConfigError for an impossible count, ContainersUnavailable without compose or its file.
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
        self.redis = ContainerRedis(
            free_port(), self._password, aof, self._finder("redis"), self._network
        )
        self.replicas = {
            # Docker chooses its port on the host.
            name: ComposedReplica(name, 0, "/readyz", self._finder("agent", number), self._network)
            for number, name in enumerate(names)
        }
        self.balancer = ContainerEnvoy(
            base_port or free_port(),
            free_port(),
            self._addresses,
            self._finder("envoy"),
            self._network,
        )
        self.locust = ContainerNode("locust-master", self._finder("locust-master"), self._network)
        self._workers = [
            ContainerNode(
                f"locust-worker-{number + 1}", self._finder("locust-worker", number), self._network
            )
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
        self._brought_up: dict[str, list[str]] = {}
        """Service of the file -> the ids of its containers, in compose's order."""
        self._local = self.run_dir / "compose" / "redis-local.conf"
        self._project = Project(
            f"diya-{run_id}", {**self._settings, **self._variables(images, workers)}
        )

    @classmethod
    def from_plan(cls, plan: FleetPlan) -> Self:
        """The fleet, not started.

        Raises ChaosConfigError for settings that are impossible, ContainersUnavailable without
        compose or its file.
        """
        return cls(
            plan.run_dir,
            plan.run_id,
            images=plan.images,
            workers=plan.workers,
            replicas=plan.replicas,
            sessions=plan.sessions,
            ttl_seconds=plan.ttl_seconds,
            aof=plan.topology.aof,
            rdb=plan.topology.rdb,
            base_port=plan.base_port,
            load=plan.load,
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
            # The records belong to this user, not to the container's.
            "DIYA_LOAD_USER": f"{os.getuid()}:{os.getgid()}",
            **_variables_of(images),
        }

    def _prepare(self) -> None:
        self._client = engine.connect()
        self._undo.callback(self._client.close)
        self.images = engine.ensure(self._client, self._bought, self._say)
        for service in ("agent", "locust-master"):
            image = self._made[_BUILT[service]]
            # An image with the user's own name is used as it is; diya's is built every time.
            if image in service_image.NAMES or not engine.has_image(self._client, image):
                self._say(f"building {image}")
                self._project.build(service)
            self.images[_BUILT[service]] = engine.used(self._client, image)
        # The file with the password is removed however this process ends.
        self._take_over(self._client, [glob.escape(str(self._local.parent))])
        self._undo.callback(self._take_down)
        self._write_local()
        self._say("compose: up")
        self._up({"redis": 1, "agent": len(self.replicas), "envoy": 1})

    def all_nodes_elsewhere(self) -> Sequence[ContainerNode]:
        """As of every fleet; the load is in containers, too."""
        load = (self.locust, *self._workers) if "locust-master" in self._brought_up else ()
        return [*self.nodes_elsewhere(), *load]

    def start_load(self) -> LoadNode:
        """Let Locust's master and workers play the load in `run.json`.  Raises ChaosError."""
        self._up({"locust-master": 1, "locust-worker": len(self._workers)})
        for node in (self.locust, *self._workers):
            node.start()
        return self.locust

    def describe(self, environment: EnvironmentDescription) -> EnvironmentDescription:
        """As of every fleet in containers, and the id by which each replica answers."""
        # The id as `docker ps` shows it.
        containers = {name: each.id[:_SHORT] for name, each in self.replicas.items()}
        return structs.replace(super().describe(environment), containers=containers)

    def _parts(self) -> list[Part]:
        return [*super()._parts(), self.locust, *self._workers]

    def _take_down(self) -> None:
        self._save_logs(self.locust, *self._workers)
        # The guardian removes the rest, and reports when it cannot.
        with contextlib.suppress(ChaosError):
            self._project.down()

    def _write_local(self) -> None:
        self._local.parent.mkdir(mode=0o700, parents=True)
        lines = redis_settings(self._password, self._aof, rdb=self._rdb)
        self._local.write_text("\n".join([*lines, ""]))
        # Redis runs as another user in the container; here the folder keeps other users out.
        self._local.chmod(0o644)

    def _up(self, services: Mapping[str, int]) -> None:
        """Bring up these services, each with this many containers.  Raises ChaosError."""
        self._project.up(*services)
        listed = self._listed()
        for service, count in services.items():
            found = [each for each in listed if each["Labels"][_SERVICE_LABEL] == service]
            if len(found) != count:
                raise ChaosError(
                    f"compose must bring up {count} containers of {service}, got {len(found)}"
                )
            self._check_image(service, found)
            found.sort(key=lambda each: int(each["Labels"][_NUMBER_LABEL]))
            self._brought_up[service] = [each["Id"] for each in found]

    def _check_image(self, service: str, found: list[dict[str, Any]]) -> None:
        made = self.images.get(_BUILT.get(service, ""))
        if made is not None and {each["ImageID"] for each in found} != {made["id"]}:
            raise ChaosError(
                f"compose started {service} from another image than the {made['name']} that was "
                "built for this run: it was built again meanwhile, try again"
            )

    def _finder(self, service: str, number: int = 0) -> Callable[[], Any]:
        def find() -> Any:
            if service not in self._brought_up:
                raise ChaosError(f"compose has not brought up {service} yet")
            return self._client.containers.get(self._brought_up[service][number])

        return find

    def _listed(self) -> list[dict[str, Any]]:
        filters = {"label": f"com.docker.compose.project={self._project.name}"}
        return list(self._client.api.containers(all=True, filters=filters))

    def _addresses(self) -> dict[str, str]:
        names = {each.id: name for name, each in self.replicas.items()}
        try:
            listed = self._listed()
        except REFUSALS:
            return {}  # a caller that waits for a replica asks again until its own timeout
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


def _variables_of(images: Mapping[str, str]) -> dict[str, str]:
    return {f"DIYA_{name.upper()}_IMAGE": image for name, image in images.items()}
