"""Every fault of the catalogue as data: its parameters with units, and the fleets that take it."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from chaos.experiment import random_experiment
from chaos.faults.base import Fault, parameters
from chaos.faults.catalogue import FAULTS
from chaos.faults.drawing import FleetCapabilities
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.topologies import Topology

_TYPES = {"float": "number", "int": "whole number", "str": "text"}

PARAMETERS: Mapping[str, tuple[str | None, str]] = {
    "app": (None, "the app whose streamed reply is waited for"),
    "bytes": ("bytes", "how much of the answers passes before the connection is closed"),
    "count": ("replicas", "how many are restarted"),
    "delay_ms": ("ms", "how long a closed connection stays open on the other side"),
    "delay_us": ("µs", "pause between two pieces"),
    "downtime": ("s", "from the end of the target to its new start"),
    "drain_timeout": ("s", "how long the replica may take to end by itself"),
    "duration": ("s", "how long it lasts"),
    "every": ("s", "from the beginning of one stall to that of the next"),
    "factor": ("times", "how many times as much"),
    "jitter_ms": ("ms", "give or take; none: a fifth of latency_ms, 20 ms at most"),
    "lag": ("s", "how far the disk is behind"),
    "latency_ms": ("ms", "what is added to every answer"),
    "load": ("s", "how long the server takes to load its data"),
    "megabytes": ("MB", "how much memory is taken"),
    "policy": (None, "noeviction (writes are refused), or one of Redis's that evicts keys"),
    "rate": ("share, above 0 to 1", "which part of the model's replies"),
    "rate_kb": ("kB/s", "what comes back at most"),
    "replica": (None, "a replica, as r01, or random: one of those that run"),
    "server": (None, "a Redis server, as redis-2, or primary, or replica"),
    "share": ("share of what is used now", "the new limit"),
    "side": (None, "redis (replicas to Redis) or balancer (balancer to replicas)"),
    "size": ("bytes", "of one piece"),
    "stall": ("s", "how long the server is busy each time"),
    "workers": ("processes", "how many fight with the replica for its core"),
    "zone": ("1, 2 or 3", "the zone of the first, second or third replica"),
}
"""Parameter -> its unit or range (None for a text), and its meaning."""

_OF_LINKS = {
    "replica": (None, "whose links: all, random, or a replica, as r01"),
    "server": (None, "in a Sentinel set or a cluster: all, primary, replica, or a server"),
}
_TARGET = "a --target gets no faults"
_CONTAINERS = FleetCapabilities(random_experiment.CONTAINERS, 12)

ENVIRONMENTS: Mapping[str, tuple[str, FleetCapabilities | None]] = {
    "process": ("processes, as by default", random_experiment.local_fleet(Topology(), 12)),
    "sentinel": ("--topology sentinel", random_experiment.local_fleet(Topology("sentinel"), 12)),
    "cluster": ("--topology cluster", random_experiment.local_fleet(Topology("cluster"), 12)),
    "redis-url": (
        "--redis redis://…",
        random_experiment.local_fleet(Topology(), 12, own_redis=False),
    ),
    "containers": ("--env containers", _CONTAINERS),
    "compose": ("--env compose", _CONTAINERS),
    "target": ("--target URL", None),
}
"""Environment of a run -> its option, and the fleet's capabilities (None: it gets no faults)."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a fault."""

    name: str
    type: str
    unit: str | None
    default: object
    meaning: str

    @property
    def kind(self) -> str:
        """The type and the unit, in words."""
        return f"{self.type} ({self.unit})" if self.unit else self.type

    @property
    def shown(self) -> str:
        """The default as a user would write it."""
        if self.default is None:
            return "none"
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)


@dataclass(frozen=True)
class Entry:
    """One fault of the catalogue."""

    name: str
    """As `diya chaos` and records have it, for example `kill-replica`."""
    function: str
    """As an experiment has it, for example `kill_replica`."""
    description: tuple[str, ...]
    """Paragraphs; the first one describes its effect."""
    parameters: tuple[Parameter, ...]
    needs: frozenset[str]
    """The capabilities that it needs with its defaults (`chaos.fleet.environment.CAPABILITIES`)."""
    refusals: Mapping[str, str | None]
    """Environment -> the reason why it is impossible there with its defaults; None: possible."""

    @property
    def summary(self) -> str:
        """Its effect, in one paragraph."""
        return self.description[0]


def catalogue() -> list[Entry]:
    """Every fault, in the order of the catalogue."""
    return [_entry(function, kind) for function, kind in FAULTS.items()]


def _entry(function: str, kind: type[Fault]) -> Entry:
    paragraphs = (inspect.getdoc(kind) or kind.kind).split("\n\n")
    fault = kind()
    return Entry(
        name=kind.kind,
        function=function,
        description=tuple(" ".join(each.split()) for each in paragraphs),
        parameters=_parameters(kind),
        needs=fault.needs,
        refusals={
            name: _TARGET if fleet is None else refusal(fault, fleet)
            for name, (_, fleet) in ENVIRONMENTS.items()
        },
    )


def _parameters(kind: type[Fault]) -> tuple[Parameter, ...]:
    names = parameters(kind)
    known = {**PARAMETERS, **(_OF_LINKS if "side" in names else {})}
    fields = {field.name: field for field in dataclasses.fields(kind)}
    found = []
    for name in names:
        unit, meaning = known[name]
        declared = str(fields[name].type).removesuffix(" | None")
        found.append(Parameter(name, _TYPES[declared], unit, fields[name].default, meaning))
    return tuple(found)


def refusal(fault: Fault, fleet: FleetCapabilities) -> str | None:
    """The fault's own reason to refuse such a fleet; None when it accepts it."""
    servers = {"single": ["redis"], "sentinel": _servers(3), "cluster": _servers(6)}[fleet.shape]
    replicas = [f"r{number:02}" for number in range(1, fleet.replicas + 1)]
    own = servers if fleet.own_redis else []
    stand_in: Any = SimpleNamespace(
        capabilities=fleet.capabilities,
        replicas=dict.fromkeys(replicas),
        redis=SimpleNamespace(servers=dict.fromkeys(own), address="the --redis address"),
        network=SimpleNamespace(
            links=lambda side: dict.fromkeys(
                servers if side == "redis" and len(servers) > 1 else replicas
            )
        ),
    )
    try:
        fault.check(cast("SystemUnderTest", stand_in))
    except ValueError as error:
        return str(error)
    return None


def _servers(count: int) -> list[str]:
    return [f"redis-{number}" for number in range(1, count + 1)]
