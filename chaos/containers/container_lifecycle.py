"""The base of fleets in containers, made by testcontainers or by compose."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import structs

from chaos.containers import engine
from chaos.containers.container_guardian import ContainerGuardian
from chaos.containers.node import ContainerNode
from chaos.containers.parts import ContainerEnvoy, ContainerRedis, ContainerReplica
from chaos.containers.sweep import sweep
from chaos.fleet.environment import CONTAINER_CAPABILITIES, LoadSwitch
from chaos.fleet.guardian import Guardian
from chaos.fleet.lifecycle import FleetLifecycle
from chaos.fleet.parts import FleetReplica
from reports.records.run_description import EnvironmentDescription


class ContainerLifecycle(FleetLifecycle):
    """A fleet whose parts are containers, removed with everything that carries the run's id."""

    redis: ContainerRedis
    replicas: Mapping[str, ContainerReplica]
    balancer: ContainerEnvoy

    def __init__(
        self,
        run_dir: Path,
        run_id: str,
        *,
        sessions: str,
        ttl_seconds: float,
        aof: str,
        rdb: bool,
        load: LoadSwitch | None,
    ) -> None:
        """Nothing is started."""
        super().__init__(run_dir, run_id, load)
        self.images: dict[str, engine.UsedImage] = {}
        """The images of its parts, since it was started."""
        self._aof, self._rdb = aof, rdb
        self._password = secrets.token_hex(24)
        self._settings = {"DIYA_SESSIONS": sessions, "DIYA_TTL_SECONDS": f"{ttl_seconds:g}"}

    def nodes_elsewhere(self) -> Sequence[ContainerNode]:
        """The containers that take a part in every turn."""
        return [self.balancer, self.redis, *self.replicas.values()]

    def describe(self, environment: EnvironmentDescription) -> EnvironmentDescription:
        """As of every fleet, and the images."""
        return structs.replace(super().describe(environment), images=self.images)

    def _capabilities(self) -> frozenset[str]:
        return CONTAINER_CAPABILITIES

    def _can_answer(self, replica: FleetReplica) -> bool:
        return super()._can_answer(replica) and self.replicas[replica.name].connected()

    def _take_over(self, client: Any, leftovers: Sequence[str] = ()) -> None:
        """Remove leftovers of dead runs, and start the two guardians of this run.

        `leftovers` are files that the first of them removes.
        """
        for run_id in sweep(client):
            self._say(f"removed what run {run_id} had left")
        self._watch_over(Guardian.start(self.run_id, leftovers, self.undo_log))
        self._undo.callback(ContainerGuardian(self.run_id).close)

    def _save_logs(self, *more: ContainerNode) -> None:
        logs = self.run_dir / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        for node in (*self.nodes_elsewhere(), *more):
            node.save_log(logs / f"{node.name}.log")
