"""The probes as plain functions, which the Chaos Toolkit calls: they ask the fleet of `diya up`.

A run of our own asks the same questions of its own fleet: see `chaos.experiment.fleet_probes`.
"""

from __future__ import annotations

from chaos.experiment import control


def redis_answers() -> bool:
    """Whether Redis answers PING and has loaded its data.  Raises ChaosError without a fleet."""
    return bool(control.call("probes", "redis_answers", {}))


def replicas_ready() -> int:
    """How many replicas say that they are ready.  Raises ChaosError without a fleet."""
    return int(control.call("probes", "replicas_ready", {}))


def all_in_rotation() -> bool:
    """Whether the balancer routes to every replica.  Raises ChaosError without a fleet."""
    return bool(control.call("probes", "all_in_rotation", {}))


def balancer_status(path: str = "/readyz") -> int:
    """The HTTP status of a GET through the balancer.

    Raises ChaosError without a fleet, or when nothing answers.
    """
    return int(control.call("probes", "balancer_status", {"path": path}))
