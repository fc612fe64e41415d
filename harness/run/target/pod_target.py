"""The target of a run as a system whose replicas are pods: connected, checked, described."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.redis_external import ExternalRedis
from chaos.fleet.target_system import TargetSystem
from chaos.kubernetes.api import Api
from chaos.kubernetes.cluster import Cluster
from chaos.kubernetes.pod_fleet import PodFleet
from chaos.kubernetes.redis_pod import PodRedis, durability, fsync
from chaos.kubernetes.system import PodSystem
from harness.run.options.pod_options import PodOptions
from harness.run.plan import Plan
from reports.basics.addresses import is_loopback
from reports.records.run_description import PodsDescription


@dataclass(frozen=True)
class PodTarget:
    """The pods of a run, as they were before it."""

    plan: Plan
    """The plan, which knows the pods now."""
    system: PodSystem | TargetSystem | None
    lines: tuple[str, ...] = ()
    """Lines that a person must see before anything is broken."""
    lacking: tuple[str, ...] = ()
    """Permissions that faults may need and the user lacks, a sentence each."""


@contextlib.contextmanager
def connected(plan: Plan, target: TargetSystem | None) -> Iterator[PodTarget]:
    """The target with its pods, until the block ends; the target as it is without `--fleet`.

    Raises ChaosConfigError when the cluster does not answer or is not to be broken, or the pods
    cannot be the replicas of a run.
    """
    if plan.pods is None or target is None:
        yield PodTarget(plan, target)
        return
    api = Api(plan.pods.context)
    try:
        yield _with_pods(plan, plan.pods, target, api)
    finally:
        api.close()


def _with_pods(plan: Plan, options: PodOptions, target: TargetSystem, api: Api) -> PodTarget:
    if not plan.authorised and not is_loopback(api.host):
        raise ChaosConfigError(
            f"--fleet: the cluster of context {api.context} at {api.host} is not on this machine; "
            "faults are done there only with --authorised too"
        )
    cluster = Cluster(api)
    pods = PodFleet(cluster, options.replicas)
    redis = None
    store: PodFleet | None = None
    if options.redis is not None:
        store = PodFleet(cluster, options.redis)
        redis = PodRedis(store, ExternalRedis(plan.redis, authorised=plan.authorised))
    described = PodsDescription(
        context=api.context,
        fleet=str(options.replicas),
        redis_fleet=None if options.redis is None else str(options.redis),
        aof=None if redis is None else fsync(redis.url),
        durability=None if redis is None else durability(redis.url),
    )
    return PodTarget(
        replace(plan, target_replicas=pods.size, pods=replace(options, found=described)),
        PodSystem(target, pods, redis, api.active_context),
        tuple(_told(api, pods, store)),
        tuple(_lacking(cluster, pods)),
    )


def _told(api: Api, pods: PodFleet, redis: PodFleet | None) -> Iterator[str]:
    """Which cluster and which pods the faults will be done to."""
    yield f"Kubernetes: context {api.context}, {api.server}"
    for fleet in (pods, *(() if redis is None else (redis,))):
        controllers = ", ".join(map(str, fleet.controllers))
        service = f"{fleet.served} of them behind a Service" if fleet.served else "no Service"
        yield (
            f"Kubernetes: {fleet.selection}: {fleet.size} ready pods of {controllers}, {service}"
        )
    zones = ", ".join(f"{zone} ({len(nodes)})" for zone, nodes in pods.zones.items())
    yield f"Kubernetes: zones {zones or 'not known, so kill-zone is refused'}"


def _lacking(cluster: Cluster, pods: PodFleet) -> Iterator[str]:
    """A warning of permissions that faults may need."""
    with contextlib.suppress(ChaosError):  # an API server need not offer the review
        refused = cluster.refused(pods.selection.namespace)
        if refused:
            yield (
                f"Kubernetes: this user may not {', '.join(refused)} in "
                f"{pods.selection.namespace}: faults that need it will fail"
            )
