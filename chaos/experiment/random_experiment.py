"""Random experiments: a schedule of faults, drawn from the catalogue by a seed.

The draw is a pure function of the seed, the length of the load and the fleet: the same three give
the same text, byte for byte.  A fault is drawn only when the fleet can have it, and only when it
and the calm after it end before the load does.  Now and then two faults overlap: a service that
survives each of them alone may not survive both.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import yaml

from chaos.errors import ChaosConfigError
from chaos.faults.catalogue import ACTIONS_MODULE, FAULTS
from chaos.faults.drawing import Arguments, Drawing, FleetCapabilities
from chaos.fleet.environment import CONTAINER_CAPABILITIES, MODEL_IN_PROCESS, MODEL_OVER_HTTP
from chaos.fleet.topology import Topology

MOST_FAULTS = 8
CALM_S = 3.0
"""The least time without a fault after each: customers can be seen to go on."""

_FIRST_S = 5.0
_FIRST_SHARE, _LAST_SHARE = 0.2, 0.9
"""No fault begins in the first fifth of a short load, and none ends in its last tenth."""
_MORE_CALM_S = 4.0
"""The average calm added to the least; more where a long load has room for it."""

_BESIDE_SHARE = 0.4
"""The share of faults that overlap with another one, where one fits."""

APART = frozenset({frozenset({"network", "replica"}), frozenset({"network", "redis"})})
"""Areas whose faults never overlap: a cut link to an end that is down cannot be detected.  Two
faults of one area do not overlap either: they may have the same target."""


def local_fleet(
    topology: Topology,
    replicas: int,
    *,
    own_redis: bool = True,
    scripted_model: bool = True,
    stand_in: bool = False,
    own_database: bool = False,
    longest_s: float = 3.0,
) -> FleetCapabilities:
    """The capabilities of a fleet of local processes under load, with all possible proxies.

    Its model is the scripted one, a `stand_in`, or one that can have no faults.  With
    `own_database` the sessions are in a PostgreSQL of the fleet's own.
    """
    can = {"kill", "terminate", "freeze", "restart", "cpu", "memory", "replica-port"}
    can |= {"load", "network-balancer"}
    if own_redis:
        can |= {"redis-config", "redis-data", "network-redis", *topology.capabilities}
    if own_database:
        can.add("database")
    if stand_in:
        can |= MODEL_OVER_HTTP
    elif scripted_model:
        can |= MODEL_IN_PROCESS
    return FleetCapabilities(frozenset(can), replicas, own_redis, longest_s, topology.shape)


CONTAINERS = CONTAINER_CAPABILITIES | {"load"}
"""The capabilities of a fleet in containers that a draw uses."""

_DRAWINGS: Mapping[str, Drawing] = {
    func: kind.drawing for func, kind in FAULTS.items() if isinstance(kind.drawing, Drawing)
}


def possible(on: FleetCapabilities) -> list[str]:
    """The faults that such a fleet can have, in the catalogue's order."""
    return [
        func
        for func, drawing in _DRAWINGS.items()
        if FAULTS[func].always_needs <= on.capabilities and drawing.fits(on)
    ]


def draw(seed: int, load_seconds: float, on: FleetCapabilities) -> str:
    """The text of an experiment, in YAML.

    Raises ChaosConfigError when the load is too short for any fault and its recovery.
    """
    rng = Random(f"diya-experiment:{seed}")
    clock = min(_FIRST_S, load_seconds * _FIRST_SHARE)
    end = load_seconds * _LAST_SHARE
    more_calm = max(_MORE_CALM_S, load_seconds / MOST_FAULTS - 10.0)
    steps: list[dict[str, Any]] = []
    at: dict[str, str] = {}
    free = clock
    bag: list[str] = []
    while len(steps) < MOST_FAULTS:
        begin = round(clock + rng.expovariate(1 / more_calm) * bool(steps), 1)
        bag = bag or rng.sample(possible(on), len(possible(on)))
        drawn = _first_that_fits(bag, begin, end, rng, on)
        if drawn is None:
            break
        together = [(begin, *drawn)]
        if len(steps) + 1 < MOST_FAULTS and rng.random() < _BESIDE_SHARE:
            together += _beside(begin, *drawn, bag, end, rng, on)
        over = max(moment + _span(func, arguments) for moment, func, arguments in together)
        for moment, func, arguments in together:
            name = f"{len(steps) + 1}. {func.replace('_', ' ')} at {moment:g} s"
            at[name] = f"start+{moment:g}s"
            calm = over - (moment + _span(func, arguments)) + CALM_S
            steps.append(_step(name, func, arguments, before=moment - free, after=calm))
        for step in steps[-len(together) : -1]:
            step["background"] = True
        clock = free = over + CALM_S
    if not steps:
        raise ChaosConfigError(
            f"random:{seed}: the load must have room for a fault and the recovery from it, got "
            f"{load_seconds:g} s"
        )
    document = {
        "version": "1.0.0",
        "title": f"Random faults of seed {seed}",
        "description": f"{len(steps)} faults, drawn for {load_seconds:g} s of load.",
        "extensions": [{"name": "diya", "topology": on.shape, "at": at}],
        "method": steps,
    }
    head = f"# Drawn by random:{seed}.  The run's own seed chooses the targets.\n"
    return head + yaml.safe_dump(document, sort_keys=False, width=100)


def _first_that_fits(
    bag: list[str], begin: float, end: float, rng: Random, on: FleetCapabilities
) -> tuple[str, Arguments] | None:
    """Take the first fault that is over by `end` out of the bag; None when none is."""
    for place, func in enumerate(bag):
        arguments = _DRAWINGS[func].draw(rng, on)
        if begin + _span(func, arguments) <= end:
            del bag[place]
            return func, arguments
    return None


def _beside(
    begin: float,
    func: str,
    arguments: Arguments,
    bag: list[str],
    end: float,
    rng: Random,
    on: FleetCapabilities,
) -> list[tuple[float, str, Arguments]]:
    """A fault that begins while the other one lasts; empty where none may or none fits."""
    lasts = _length(arguments)
    others = [each for each in bag if may_overlap(func, each)]
    moment = round(begin + rng.uniform(0.1, max(0.2, lasts)), 1)
    drawn = _first_that_fits(others, moment, end, rng, on)
    if drawn is None:
        return []
    bag.remove(drawn[0])
    return [(moment, *drawn)]


def may_overlap(one: str, other: str) -> bool:
    """Whether a draw lets two faults of the catalogue overlap."""
    areas = frozenset(FAULTS[func].area for func in (one, other))
    alone = any(_DRAWINGS[func].alone for func in (one, other))
    return len(areas) == 2 and areas not in APART and not alone


def _length(arguments: Mapping[str, Any]) -> float:
    """How long it is meant to last."""
    return float(sum(arguments.get(name, 0.0) for name in ("duration", "downtime", "load")))


def _span(func: str, arguments: Mapping[str, Any]) -> float:
    """How long it takes from its beginning until everything is healed, as a rule."""
    drawing = _DRAWINGS[func]
    more = drawing.per_replica * float(arguments.get("count", 0))
    return _length(arguments) + drawing.span + more


def _step(
    name: str, func: str, arguments: Arguments, before: float, after: float
) -> dict[str, Any]:
    return {
        "type": "action",
        "name": name,
        "provider": {
            "type": "python",
            "module": ACTIONS_MODULE,
            "func": func,
            "arguments": arguments,
        },
        # For Chaos Toolkit, which knows no moments; the calm holds in both.
        "pauses": {"before": round(max(0.0, before), 1), "after": round(after, 1)},
    }
