"""Questions that an experiment's steady-state hypothesis may ask of the fleet of this process.

Plain functions, which Chaos Toolkit can call too.
"""

from __future__ import annotations

from chaos.fleet import current


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
