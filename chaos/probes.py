"""Questions that an experiment may ask of the fleet of this process.

Plain functions, which the Chaos Toolkit can call too.
"""

from __future__ import annotations

from chaos.errors import ChaosError
from chaos.fleet import current
from chaos.http_probe import get


def redis_answers() -> bool:
    """Whether Redis answers PING and has loaded its data.  Raises ChaosError without a fleet."""
    return current().redis.answers()


def replicas_ready() -> int:
    """How many replicas say that they are ready.  Raises ChaosError without a fleet."""
    return sum(replica.ready() for replica in current().replicas.values())


def all_in_rotation() -> bool:
    """Whether the balancer routes to every replica.  Raises ChaosError without a fleet."""
    fleet = current()
    return fleet.balancer.in_rotation() == set(fleet.replicas)


def balancer_status(path: str = "/readyz") -> int:
    """The HTTP status of a GET through the balancer.

    Raises ChaosError without a fleet, or when nothing answers.
    """
    answer = get(current().balancer.port, path)
    if answer is None:
        raise ChaosError(f"the balancer gives no answer to GET {path}")
    return answer[0]
