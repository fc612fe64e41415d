"""Questions that an experiment may ask of the fleet: of this process, or of `diya up`.

Plain functions, which the Chaos Toolkit can call too.
"""

from __future__ import annotations

from chaos import control
from chaos.errors import ChaosError
from chaos.fleet import current, has_current
from chaos.http_probe import get

NAMES = ("redis_answers", "replicas_ready", "all_in_rotation", "balancer_status")
"""Every probe."""


def redis_answers() -> bool:
    """Whether Redis answers PING and has loaded its data.  Raises ChaosError without a fleet."""
    if not has_current():
        return bool(control.call("probes", "redis_answers", {}))
    return current().redis.answers()


def replicas_ready() -> int:
    """How many replicas say that they are ready.  Raises ChaosError without a fleet."""
    if not has_current():
        return int(control.call("probes", "replicas_ready", {}))
    return sum(replica.ready() for replica in current().replicas.values())


def all_in_rotation() -> bool:
    """Whether the balancer routes to every replica.  Raises ChaosError without a fleet."""
    if not has_current():
        return bool(control.call("probes", "all_in_rotation", {}))
    fleet = current()
    return fleet.balancer.in_rotation() == set(fleet.replicas)


def balancer_status(path: str = "/readyz") -> int:
    """The HTTP status of a GET through the balancer.

    Raises ChaosError without a fleet, or when nothing answers.
    """
    if not has_current():
        return int(control.call("probes", "balancer_status", {"path": path}))
    answer = get(current().balancer.port, path)
    if answer is None:
        raise ChaosError(f"the balancer gives no answer to GET {path}")
    return answer[0]
