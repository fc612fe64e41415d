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
from chaos.faults.parameter import told_of
from chaos.fleet.environment import MODEL_OVER_HTTP, POD_CAPABILITIES, SystemUnderTest
from chaos.fleet.shapes import SETS, SHAPES
from chaos.fleet.topology import Topology
from harness.fleet_kinds import DEFAULT, FLEETS

_TYPES = {"float": "number", "int": "whole number", "str": "text"}

_TARGET = (
    "a --target gets no faults of the catalogue, but those of a model that --model-url names and "
    "of pods that --fleet names; with --break-target it gets those of your own experiment"
)

ENVIRONMENTS: Mapping[str, tuple[str, FleetCapabilities | None]] = {
    DEFAULT: ("processes, as by default", random_experiment.local_fleet(Topology(), 12)),
    **{
        shape: (f"--topology {shape}", random_experiment.local_fleet(Topology(shape), 12))
        for shape in SETS
    },
    "redis-url": (
        "--redis redis://…",
        random_experiment.local_fleet(Topology(), 12, own_redis=False),
    ),
    "postgres": (
        "--sessions postgres",
        random_experiment.local_fleet(Topology(), 12, own_redis=False, own_database=True),
    ),
    **{
        name: (f"--env {name}", FleetCapabilities(kind.capabilities, 12))
        for name, kind in FLEETS.items()
        if kind.capabilities is not None
    },
    "stand-in": (
        "--model stand-in",
        random_experiment.local_fleet(Topology(), 12, stand_in=True),
    ),
    "model-url": ("--target URL --model-url URL", FleetCapabilities(MODEL_OVER_HTTP, 0)),
    "kubernetes": ("--fleet kubernetes:…", FleetCapabilities(POD_CAPABILITIES | {"scale"}, 12)),
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
    fields = {field.name: field for field in dataclasses.fields(kind)}
    found = []
    for name in parameters(kind):
        told = told_of(kind, name)
        declared = str(fields[name].type).removesuffix(" | None")
        default = fields[name].default
        found.append(Parameter(name, _TYPES[declared], told.unit, default, told.meaning))
    return tuple(found)


def refusal(fault: Fault, fleet: FleetCapabilities) -> str | None:
    """The fault's own reason to refuse such a fleet; None when it accepts it."""
    servers = SHAPES[fleet.shape].servers
    replicas = [f"r{number:02}" for number in range(1, fleet.replicas + 1)]
    own = servers if fleet.own_redis else ()
    address = "" if "database" in fleet.capabilities else "the --redis address"
    stand_in: Any = SimpleNamespace(
        capabilities=fleet.capabilities,
        replicas=dict.fromkeys(replicas),
        redis=SimpleNamespace(servers=dict.fromkeys(own), address=address),
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
