"""Random experiments: a schedule of faults, drawn from the catalogue by a seed.

The draw is a pure function of the seed, the length of the load and the ground: the same three give
the same text, byte for byte.  A fault is drawn only when the ground can have it, and only when it
and the calm after it end before the load does.  Now and then two faults overlap: what survives each
of them alone may not survive both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import yaml

from chaos import actions
from chaos.errors import ChaosConfigError
from chaos.topologies import Topology

MOST_FAULTS = 8
CALM_S = 3.0
"""At least so long after a fault nothing happens: customers can be seen to go on."""

_FIRST_S = 5.0
_FIRST_SHARE, _LAST_SHARE = 0.2, 0.9
"""No fault begins in the first fifth of a short load, and none ends in its last tenth."""
_MORE_CALM_S = 4.0
"""On average so much calm is added to the least; more where a long load has room for it."""
_RESTART_S = 5.0
"""What a replica needs to come up on a busy machine, and the balancer to find it."""

_BESIDE_SHARE = 0.4
"""So many faults have another one beside them, where one fits."""

APART = frozenset({frozenset({"network", "replica"}), frozenset({"network", "redis"})})
"""Rooms of `chaos.actions` whose faults never overlap: nobody could tell that a link is cut to an
end that is down.  Nor do two faults of one room: they may have one target."""

ALONE = frozenset({"kill_streaming", "exhaust_connections"})
"""A fault beside these could take away what they need: a reply to cut, connections to count."""

LEFT_OUT = {
    "noop": "it does nothing",
    "amnesia": "what it takes is never given back: there is no service that survives it",
}
"""Faults of the catalogue that are never drawn, and why."""


@dataclass(frozen=True)
class Ground:
    """What is known of a fleet before there is one."""

    capabilities: frozenset[str]
    """Which of `chaos.environment.CAPABILITIES` it will have, proxies on the way included."""
    replicas: int
    own_redis: bool = True
    """Redis is ours to hurt."""
    longest_s: float = 3.0
    """No fault is drawn to last longer: an outage as long as the TTL takes sessions with it."""

    @property
    def shape(self) -> str:
        """The topology of Redis."""
        sets = self.capabilities & {"sentinel", "cluster"}
        return min(sets) if sets else "single"


def ground(
    topology: Topology,
    replicas: int,
    *,
    own_redis: bool = True,
    scripted_model: bool = True,
    longest_s: float = 3.0,
) -> Ground:
    """The ground of local processes under a load, with proxies wherever they can be."""
    can = {"kill", "terminate", "freeze", "restart", "cpu", "memory", "load", "network-balancer"}
    if own_redis:
        can |= {"redis-config", "redis-data", "network-redis", *topology.capabilities}
    if scripted_model:
        can.add("model")
    return Ground(frozenset(can), replicas, own_redis, longest_s)


CONTAINERS = frozenset(
    {
        "kill",
        "terminate",
        "freeze",
        "restart",
        "disconnect",
        "memory-limit",
        "redis-config",
        "load",
    }
)
"""What of a fleet in containers is drawn on."""


Arguments = dict[str, Any]
Draw = Callable[[Random, Ground], Arguments]


@dataclass(frozen=True)
class _Kind:
    """How one fault of the catalogue is drawn."""

    draw: Draw
    span: float
    """Seconds that it takes beside the length that its arguments say, on a busy machine."""
    fits: Callable[[Ground], bool] = lambda _: True
    """Whether the ground can have it, beside what the fault itself needs."""


def _seconds(name: str, least: float, most: float) -> Draw:
    return lambda rng, on: {name: _between(rng, on, least, most)}


def _between(rng: Random, on: Ground, least: float, most: float) -> float:
    most = min(most, on.longest_s)
    return round(rng.uniform(min(least, most), most), 1)


def _redis(name: str, least: float, most: float, most_in_a_set: float | None = None) -> Draw:
    """An outage of Redis; in a set of servers shorter than they take to choose another primary."""

    def draw(rng: Random, on: Ground) -> Arguments:
        limit = most if on.shape == "single" or most_in_a_set is None else most_in_a_set
        return {name: _between(rng, on, least, limit)}

    return draw


def _sides(on: Ground) -> list[str]:
    return [side for side in ("redis", "balancer") if f"network-{side}" in on.capabilities]


def _link(more: Draw, most: float = 3.0) -> _Kind:
    def draw(rng: Random, on: Ground) -> Arguments:
        side = rng.choice(_sides(on))
        whose = rng.choice(("all", "random"))
        if side == "redis" and on.shape != "single":
            whose = "all"  # the links of a set are its servers', not the replicas'
        duration = _between(rng, on, 0.5, most)
        return {"duration": duration, "side": side, "replica": whose, **more(rng, on)}

    return _Kind(draw, 3.0, lambda on: bool(_sides(on)))


def _alone(on: Ground) -> bool:
    return on.own_redis and on.shape == "single"


def _ours(on: Ground) -> bool:
    return on.own_redis


def _several(on: Ground) -> bool:
    return on.replicas >= 2


def _failing(rng: Random, on: Ground) -> Arguments:
    return {"duration": _between(rng, on, 1, 3), "rate": round(rng.uniform(0.1, 0.4), 1)}


def _nothing(_: Random, __: Ground) -> Arguments:
    return {}


_KINDS: Mapping[str, _Kind] = {
    "kill_replica": _Kind(_seconds("downtime", 0.2, 2), _RESTART_S),
    "terminate_replica": _Kind(_seconds("duration", 0.2, 1.5), _RESTART_S + 1.5),
    "rolling_restart": _Kind(
        lambda rng, on: {"count": rng.randint(1, min(3, on.replicas))},
        1.5,  # and more for each replica: see `_span`
    ),
    "freeze_replica": _Kind(_seconds("duration", 0.5, 3), 1.0),
    "slow_start": _Kind(_seconds("duration", 1, 3), _RESTART_S),
    "cpu_hog": _Kind(_seconds("duration", 1, 3), 1.5),
    "memory_hog": _Kind(
        lambda rng, on: {
            "duration": _between(rng, on, 1, 3),
            "megabytes": rng.choice((32, 64, 128)),
        },
        1.5,
    ),
    "disconnect_replica": _Kind(_seconds("duration", 0.5, 2), 3.0),
    "limit_memory": _Kind(_seconds("duration", 1, 2), _RESTART_S + 3),
    # The reply that it cuts is of our own agent, whose model is the scripted one.
    "kill_streaming": _Kind(
        _seconds("duration", 0.2, 1), _RESTART_S + 1, lambda on: "model" in on.capabilities
    ),
    "kill_half": _Kind(_seconds("downtime", 0.5, 2), _RESTART_S + 3, _several),
    "kill_zone": _Kind(
        lambda rng, on: {
            "downtime": _between(rng, on, 0.5, 2),
            "zone": rng.randint(1, min(3, on.replicas)),
        },
        _RESTART_S + 2,
        _several,
    ),
    "restart_redis": _Kind(_redis("downtime", 0.1, 1.5, 0.5), 1.5, _ours),
    "kill_redis": _Kind(_redis("downtime", 0.1, 1.5, 0.5), 3.5, _ours),
    "freeze_redis": _Kind(_redis("duration", 0.5, 3, 1.2), 1.0, _ours),
    "disconnect_redis": _Kind(_seconds("duration", 0.5, 2), 3.0, _ours),
    "slow_redis": _Kind(_seconds("duration", 1, 3), 1.5, _ours),
    # The following would be failovers in disguise in a set of servers.
    "reload_redis": _Kind(_seconds("load", 0.5, 2), 2.5, _alone),
    "power_loss": _Kind(_seconds("downtime", 0.1, 1), 3.5, _alone),
    "exhaust_connections": _Kind(_seconds("duration", 0.5, 2), 1.5, _alone),
    "squeeze_memory": _Kind(
        # The policies that evict lose sessions by design; they are for who asks for them.
        lambda rng, on: {"duration": _between(rng, on, 0.5, 2), "policy": "noeviction"},
        1.5,
        _alone,
    ),
    "failover": _Kind(_seconds("duration", 0.5, 1.5), 9.0),
    "partition": _Kind(_seconds("duration", 0.5, 2), 9.0),
    "cluster_shard_down": _Kind(_seconds("duration", 0.5, 1.5), 9.0),
    "slow_model": _Kind(
        lambda rng, on: {"duration": _between(rng, on, 1, 3), "factor": rng.choice((3, 5, 10))}, 2.0
    ),
    "model_errors": _Kind(_failing, 2.0),
    "model_rate_limit": _Kind(_failing, 2.0),
    "model_cut_streams": _Kind(_failing, 2.0),
    "load_spike": _Kind(
        lambda rng, on: {
            "duration": _between(rng, on, 1, 3),
            "factor": rng.choice((1.5, 2.0, 3.0)),
        },
        2.0,
    ),
    "reconnect_storm": _Kind(_seconds("duration", 0.5, 2), 3.0),
    "network_latency": _link(lambda rng, _: {"latency_ms": rng.choice((50, 100, 200))}),
    "network_bandwidth": _link(lambda rng, _: {"rate_kb": rng.choice((20, 50, 100))}),
    "network_reset": _link(_nothing, 1.5),
    "network_black_hole": _link(_nothing),
    "network_one_way": _link(_nothing),
    "network_slow_close": _link(_nothing),
    "network_slicer": _link(_nothing),
    "network_cut": _link(_nothing, 1.5),
}
"""Every fault that is drawn."""

DRAWN = frozenset(_KINDS)
"""The functions of `chaos.actions` that a draw may name."""


def possible(on: Ground) -> list[str]:
    """The faults that such a fleet can have, in the catalogue's order."""
    return [
        func
        for func, fault in actions.FAULTS.items()
        if func in _KINDS and fault.needs <= on.capabilities and _KINDS[func].fits(on)
    ]


def draw(seed: int, load_seconds: float, on: Ground) -> str:
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
            f"random:{seed}: a load of {load_seconds:g} s has no room for a fault and the recovery "
            "from it: expected a longer profile"
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
    bag: list[str], begin: float, end: float, rng: Random, on: Ground
) -> tuple[str, Arguments] | None:
    """Take the first fault out of the bag that is over by `end`; None when none is."""
    for place, func in enumerate(bag):
        arguments = _KINDS[func].draw(rng, on)
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
    on: Ground,
) -> list[tuple[float, str, Arguments]]:
    """A fault that begins while the other one lasts; nothing where none may or none fits."""
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
    rooms = frozenset(getattr(actions, func).__module__.rpartition(".")[2] for func in (one, other))
    return len(rooms) == 2 and rooms not in APART and not ALONE & {one, other}


def _length(arguments: Mapping[str, Any]) -> float:
    """How long it is meant to last."""
    return float(sum(arguments.get(name, 0.0) for name in ("duration", "downtime", "load")))


def _span(func: str, arguments: Mapping[str, Any]) -> float:
    """How long it takes from its beginning until everything is healed, as a rule."""
    more = _RESTART_S * float(arguments.get("count", 0))
    return _length(arguments) + _KINDS[func].span + more


def _step(
    name: str, func: str, arguments: Arguments, before: float, after: float
) -> dict[str, Any]:
    return {
        "type": "action",
        "name": name,
        "provider": {
            "type": "python",
            "module": actions.__name__,
            "func": func,
            "arguments": arguments,
        },
        # For Chaos Toolkit, which knows no moments; the calm holds in both.
        "pauses": {"before": round(max(0.0, before), 1), "after": round(after, 1)},
    }
