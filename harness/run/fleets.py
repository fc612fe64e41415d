"""Builds the fleet of a plan, and describes it once it has started."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from chaos.errors import ChaosError
from chaos.fleet.fleet import Fleet
from chaos.fleet.load_switch import LoadSwitchFile
from harness.run.plan import Plan
from reports.records.run_description import RedisServerDescription, RunDescription

if TYPE_CHECKING:
    from chaos.containers.fleet import ContainerFleet

    AnyFleet = Fleet | ContainerFleet


def for_plan(plan: Plan, run_dir: Path) -> AnyFleet:
    """The fleet, not yet started.  Raises ChaosConfigError when it cannot do what the plan asks."""
    # Docker's packages are imported for a fleet in containers only.
    if plan.compose:
        from chaos.containers.compose_fleet import ComposeFleet

        images, workers = plan.containers or {}, plan.crew.workers
        return ComposeFleet(
            run_dir, plan.run_id, images=images, workers=workers, **_in_containers(plan, run_dir)
        )
    if plan.containers is not None:
        from chaos.containers.fleet import ContainerFleet, Images

        return ContainerFleet(
            run_dir,
            plan.run_id,
            images=Images(**plan.containers),
            pass_env=plan.pass_env,
            **_in_containers(plan, run_dir),
        )
    return Fleet(
        run_dir,
        plan.run_id,
        replicas=plan.replicas,
        redis=plan.redis,
        sessions=plan.sessions,
        ttl_seconds=plan.profile.real_ttl_seconds,
        base_port=plan.port,
        topology=plan.topology,
        proxy=plan.proxy,
        load=LoadSwitchFile(run_dir),
        authorised=plan.authorised,
        extra_env={"DIYA_AGENT": str(plan.agent)} if plan.agent else None,
    )


def _in_containers(plan: Plan, run_dir: Path) -> dict[str, Any]:
    return {
        "replicas": plan.replicas,
        "sessions": plan.sessions,
        "ttl_seconds": plan.profile.real_ttl_seconds,
        "aof": plan.topology.aof,
        "rdb": plan.topology.rdb,
        "base_port": plan.port,
        "load": LoadSwitchFile(run_dir),
    }


def described(plan: Plan, fleet: AnyFleet) -> RunDescription:
    """The run's description with the facts that a started fleet adds: URL, server, images."""
    description, info = plan.description(), fleet.redis.info
    environment = structs.replace(
        description.environment,
        redis_server=RedisServerDescription(
            name=info.name, version=info.version, allocator=info.allocator
        ),
    )
    if plan.containers is not None:
        contained: Any = fleet
        environment = structs.replace(environment, images=contained.images)
    if plan.compose:
        composed: Any = fleet
        environment = structs.replace(environment, containers=composed.containers)
    return structs.replace(description, target=fleet.url, environment=environment)


def primaries(fleet: AnyFleet) -> Sequence[str]:
    """The addresses of the Redis servers that take writes.

    None while a failover is under way, and none for a Redis that is not the fleet's own.
    """
    if not fleet.redis.servers:
        return []
    try:
        return [server.url for server in fleet.redis.primaries()]
    except ChaosError:
        return []
