"""How a fault is drawn at random, as its class says it (`chaos.experiment.random_experiment`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from chaos.fleet.shapes import SINGLE

RESTART_S = 5.0
"""The time that a replica needs to start on a busy machine, and the balancer to find it."""


@dataclass(frozen=True)
class FleetCapabilities:
    """The facts about a fleet known before it exists."""

    capabilities: frozenset[str]
    """Which of `chaos.fleet.environment.CAPABILITIES` it will have, proxies on the way included."""
    replicas: int
    own_redis: bool = True
    """Faults may be done to Redis."""
    longest_s: float = 3.0
    """No fault is drawn to last longer: sessions expire in an outage as long as the TTL."""
    shape: str = SINGLE
    """The topology of Redis, one of `chaos.fleet.shapes.SHAPES`."""

    @property
    def network_sides(self) -> list[str]:
        """The sides on which there are proxies."""
        return [side for side in ("redis", "balancer") if f"network-{side}" in self.capabilities]


Arguments = dict[str, Any]
Draw = Callable[[Random, FleetCapabilities], Arguments]


def any_fleet(_: FleetCapabilities) -> bool:
    """Every fleet with the capabilities that the fault needs."""
    return True


def own_redis(on: FleetCapabilities) -> bool:
    """Faults may be done to Redis."""
    return on.own_redis


def own_single_redis(on: FleetCapabilities) -> bool:
    """Redis is the fleet's own single server: in a set the fault would cause a failover."""
    return on.own_redis and on.shape == SINGLE


def several_replicas(on: FleetCapabilities) -> bool:
    """One replica may go and another is left."""
    return on.replicas >= 2


@dataclass(frozen=True)
class Drawing:
    """How the arguments of one fault are drawn, and how much time it then takes."""

    draw: Draw
    span: float
    """Seconds that it takes besides the length in its arguments, on a busy machine."""
    fits: Callable[[FleetCapabilities], bool] = any_fleet
    """Whether the fleet can have it, besides the needs of every such fault."""
    per_replica: float = 0.0
    """Seconds that it takes besides for each of its `count` replicas."""
    alone: bool = False
    """It is drawn alone: an overlapping fault could remove something that it needs."""


@dataclass(frozen=True)
class NeverDrawn:
    """The fault is done only when an experiment names it."""

    reason: str


def between(rng: Random, on: FleetCapabilities, least: float, most: float) -> float:
    """Seconds, as long as the fleet allows at most."""
    most = min(most, on.longest_s)
    return round(rng.uniform(min(least, most), most), 1)


def seconds(name: str, least: float, most: float) -> Draw:
    """Draws one parameter, in seconds."""
    return lambda rng, on: {name: between(rng, on, least, most)}


def redis_seconds(name: str, least: float, most: float, most_in_a_set: float) -> Draw:
    """An outage of Redis; in a set of servers shorter than they take to choose another primary."""

    def draw(rng: Random, on: FleetCapabilities) -> Arguments:
        limit = most if on.shape == SINGLE else most_in_a_set
        return {name: between(rng, on, least, limit)}

    return draw


def nothing(_: Random, __: FleetCapabilities) -> Arguments:
    """Draws no parameter."""
    return {}


def links(more: Draw = nothing, most: float = 3.0) -> Drawing:
    """A fault of the network: whose links, for how long, and `more`."""

    def draw(rng: Random, on: FleetCapabilities) -> Arguments:
        side = rng.choice(on.network_sides)
        whose = rng.choice(("all", "random"))
        if side == "redis" and on.shape != SINGLE:
            whose = "all"  # the links of a set are its servers', not the replicas'
        duration = between(rng, on, 0.5, most)
        return {"duration": duration, "side": side, "replica": whose, **more(rng, on)}

    return Drawing(draw, 3.0, lambda on: bool(on.network_sides))
