"""A running compose project as the fleet of a run: broken, healed, and never created or removed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from typing import Any, Self

from msgspec import UNSET, structs

from chaos.containers import engine
from chaos.containers.node import ContainerNode
from chaos.containers.project import finding, reach
from chaos.containers.project.door import Door
from chaos.containers.project.finding import FoundProject, Inspected
from chaos.containers.project.nodes import Health, ProjectRedis, ProjectReplica
from chaos.containers.project.project_guardian import ProjectGuardian
from chaos.containers.project.repairs import Before
from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.environment import PROJECT_CAPABILITIES
from chaos.fleet.guardian import Guardian
from chaos.fleet.lifecycle import FleetLifecycle, replica_names
from chaos.fleet.no_redis import NoRedis
from chaos.fleet.parts import FleetReplica
from chaos.fleet.plan import FleetPlan
from chaos.fleet.project_plan import ProjectPlan
from chaos.fleet.waiting import holds_within
from reports.records.run_description import (
    ONE_SERVER,
    EnvironmentDescription,
    TopologyDescription,
)

_SHORT = 12
_READY_S = 15.0
"""A project that runs answers at once; a busy machine may take so long."""
_DURABILITY = {"always": "aof-always", "everysec": "aof-everysec", "no": "aof-everysec"}
"""`appendfsync` → the declared durability: a killed server loses no more without any flush."""


class ProjectFleet(FleetLifecycle):
    """The containers of the user's services."""

    redis: ProjectRedis | NoRedis
    replicas: Mapping[str, ProjectReplica]
    balancer: Door
    foreign = True

    def __init__(self, plan: FleetPlan, project: ProjectPlan) -> None:
        """Find the project; nothing is done to it.

        Raises ChaosConfigError unless it runs as the plan says, ContainersUnavailable without an
        engine.
        """
        super().__init__(plan.run_dir, plan.run_id, plan.load)
        self._plan = project
        self._repairer: ProjectGuardian | None = None
        self._health = Health(project.health_path)
        _require_local_engine()
        self._client: Any = engine.connect()
        self._undo.callback(self._client.close)
        try:
            self._build(finding.find(self._client, project))
        except BaseException:
            self._undo.close()
            raise

    @classmethod
    def from_plan(cls, plan: FleetPlan) -> Self:
        """The fleet, not started.  Raises as the constructor does."""
        if plan.project is None:
            raise ChaosConfigError("--compose-file must name the file of the project, got nothing")
        return cls(plan, plan.project)

    def nodes_elsewhere(self) -> Sequence[ContainerNode]:
        """The containers that take a part in every turn."""
        seen = [self._door, self.redis if isinstance(self.redis, ProjectRedis) else None]
        return [*(each for each in seen if each is not None), *self.replicas.values()]

    def all_nodes_elsewhere(self) -> Sequence[ContainerNode] | None:
        """All containers of the project, also of services that have no role.

        None without `--service redis`: then the sessions may be anywhere.
        """
        if not isinstance(self.redis, ProjectRedis):
            return None
        return [*self.nodes_elsewhere(), *self._others]

    def describe(self, environment: EnvironmentDescription) -> EnvironmentDescription:
        """As of every fleet, with the images and the ids of the containers."""
        described = super().describe(environment)
        found = self._found
        parts = {"service": found.agent[0], "redis": found.redis, "balancer": found.balancer}
        return structs.replace(
            described,
            images={role: _image(each) for role, each in parts.items() if each is not None},
            containers={name: each.id[:_SHORT] for name, each in self.replicas.items()},
        )

    def topology(self, planned: TopologyDescription) -> TopologyDescription:
        """The replicas that were found, and what Redis says of its durability."""
        planned = structs.replace(planned, replicas=len(self.replicas))
        if not isinstance(self.redis, ProjectRedis):
            return planned
        aof, rdb = self.redis.settings()
        by_snapshots = None if rdb is None else ("rdb" if rdb else "none")
        return structs.replace(
            planned,
            redis=ONE_SERVER,
            aof=aof,
            rdb=UNSET if rdb is None else rdb,
            durability=_DURABILITY.get(aof or "", by_snapshots),
        )

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Check that every replica and the balancer answer.

        Raises ChaosConfigError otherwise: the project must run before the load begins.
        """
        service = self._plan.agent.name
        for name, replica in self.replicas.items():
            if not holds_within(replica.ready, min(timeout, _READY_S)):
                raise ChaosConfigError(
                    f"--service agent={service}: container {replica.container} must answer "
                    f"{self._health.wanted} at {replica.reached_at() or 'a port that is reached'}; "
                    "--health-path names another path, NAME:PORT another port"
                )
            self._say(f"{name} is {replica.container}")
        if not holds_within(self.balancer.answers, min(timeout, _READY_S)):
            raise ChaosConfigError(
                f"the load goes to {self.url}, which must answer {self._health.wanted}"
            )

    def _build(self, found: FoundProject) -> None:
        plan = self._plan
        self._found = found
        port = reach.inside(found.agent[0], plan.agent, "agent")
        self.replicas = {
            name: ProjectReplica(name, each, port, self._health, self._client, self._touch)
            for name, each in zip(replica_names(len(found.agent)), found.agent, strict=True)
        }
        self.redis = NoRedis()
        if found.redis is not None and plan.redis is not None:
            inside = reach.inside(found.redis, plan.redis, "redis", usual=6379)
            password = os.environ.get(plan.password_env or "", "")
            self.redis = ProjectRedis(found.redis, inside, password, self._client, self._touch)
        self._door: ContainerNode | None = None
        if found.balancer is not None and plan.balancer is not None:
            inside = reach.inside(found.balancer, plan.balancer, "balancer")
            at = reach.door(found.balancer, inside, plan.balancer, authorised=plan.authorised)
            self._door = self._untouched_node("balancer", found.balancer["Id"])
        else:
            if len(found.agent) > 1:
                raise ChaosConfigError(
                    f"--service balancer=NAME must be given: {plan.agent.name} has "
                    f"{len(found.agent)} containers, and the load goes to one address"
                )
            at = reach.door(found.agent[0], port, plan.agent, authorised=plan.authorised)
        self.balancer = Door(at, self._health, self.replicas, self._door)
        self._others = [self._untouched_node(each[:_SHORT], each) for each in found.others]
        self.title = f"compose project {found.name} at {self.url}"

    def _untouched_node(self, name: str, of: str) -> ContainerNode:
        return ContainerNode(name, lambda: self._client.containers.get(of), _untouched)

    def _capabilities(self) -> frozenset[str]:
        return PROJECT_CAPABILITIES

    def _prepare(self) -> None:
        self._watch_over(Guardian.start(self.run_id, undo_log=self.undo_log))
        for each in self._others:
            with contextlib.suppress(ChaosError):  # it was removed: then not all are known
                each.start()
        self._repairer = ProjectGuardian(self._found.name)
        self._undo.callback(self._repairer.close)

    def _can_answer(self, replica: FleetReplica) -> bool:
        return super()._can_answer(replica) and self.replicas[replica.name].connected()

    def _touch(self, container: Before) -> None:
        if self._repairer is None:
            raise ChaosError("the fleet was not started")
        self._repairer.touch(container)


def _require_local_engine() -> None:
    """Raise ChaosConfigError where published ports would be those of another machine."""
    where = os.environ.get("DOCKER_HOST") or "unix://"
    if not where.startswith(("unix://", "npipe://")):
        raise ChaosConfigError(
            f"DOCKER_HOST must be a socket of this machine, got {where}: the ports of the project "
            "are those of that machine"
        )


def _image(container: Inspected) -> dict[str, str]:
    return {"name": str(container["Config"]["Image"]), "id": str(container["Image"])}


def _untouched() -> Any:
    raise ChaosError("no fault is done to this container of a project")
