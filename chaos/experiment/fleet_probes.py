"""The questions that an experiment may ask of a fleet, as functions of that fleet."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from chaos.errors import ChaosError
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.http_probe import get


def redis_answers(fleet: SystemUnderTest) -> bool:
    """Whether Redis answers PING and has loaded its data."""
    return fleet.redis.answers()


def replicas_ready(fleet: SystemUnderTest) -> int:
    """How many replicas say that they are ready."""
    return sum(replica.ready() for replica in fleet.replicas.values())


def all_in_rotation(fleet: SystemUnderTest) -> bool:
    """Whether the balancer routes to every replica."""
    return fleet.balancer.in_rotation() == set(fleet.replicas)


def balancer_status(fleet: SystemUnderTest, path: str = "/readyz") -> int:
    """The HTTP status of a GET through the balancer.  Raises ChaosError without an answer."""
    answer = get(fleet.balancer.port, path)
    if answer is None:
        raise ChaosError(f"the balancer gives no answer to GET {path}")
    return answer[0]


PROBES: Mapping[str, Callable[..., object]] = {
    "all_in_rotation": all_in_rotation,
    "balancer_status": balancer_status,
    "redis_answers": redis_answers,
    "replicas_ready": replicas_ready,
}
"""Every probe by its name in `PROBES_MODULE`; the first argument is the fleet."""

PROBES_MODULE = "chaos.probes"
"""The module that experiments name."""


def parameters(name: str) -> tuple[str, ...]:
    """The names of a probe's parameters besides the fleet, in order."""
    return tuple(inspect.signature(PROBES[name]).parameters)[1:]
