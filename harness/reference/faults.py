"""The page of faults: the catalogue with its parameters, and where each fault can be done."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

from chaos.experiment import model, random_experiment, reader
from chaos.experiment.fleet_probes import PROBES
from chaos.faults.base import Fault
from chaos.faults.catalogue import FAULTS
from chaos.faults.drawing import FleetCapabilities
from chaos.fleet.environment import CAPABILITIES, Environment
from chaos.fleet.topologies import Topology
from harness.reference import docstrings, markdown

_INTRO = """\
Every fault of the catalogue. In an [experiment](../experiment.md) it is the function of that name
in `chaos.actions`. In a [test](../ci.md) it is a verb of the run: `run.kill_replica(at="5s")` or
`run.kill("replica", at="5s")`. [By hand](../by-hand.md) it is `diya chaos kill-replica`. Each
fault verifies that it took hold, and heals at its end. Times are in seconds."""

_WHERE = """\
A fault that cannot be done in an environment is refused before the load begins. A `--target` gets
no faults."""

_NEEDS = """\
What a fault needs, and so where it can be done, is stated by these names."""

_PARAMETERS = {
    "duration": "How long it lasts, seconds.",
    "downtime": "Seconds until the target is started again.",
    "replica": "A name such as `r01`, or `random`: one of those that run.",
    "server": "A server's name, `primary` (the one that takes the writes) or `replica`.",
    "drain_timeout": "How long a replica may drain before the fault counts as failed, seconds.",
    "count": "How many replicas.",
    "share": "The new limit, as a share of what is used now.",
    "workers": "How many busy workers.",
    "megabytes": "How much memory the neighbour takes.",
    "app": "The app whose streamed reply is waited for.",
    "zone": "Which of the three zones: 1, 2 or 3.",
    "load": "How long loading the data takes, seconds.",
    "lag": "How far the disk was behind, seconds.",
    "policy": "`noeviction` (writes are refused) or a policy that evicts keys.",
    "stall": "How long each stall lasts, seconds.",
    "every": "A stall begins after each of these intervals, seconds.",
    "factor": "The multiple.",
    "rate": "The share of model calls that it meets.",
    "side": "`redis` (between replicas and Redis) or `balancer` (between Envoy and replicas).",
    "latency_ms": "Milliseconds that are added.",
    "jitter_ms": "Milliseconds of jitter; a fifth of the latency when not given, at most 20.",
    "rate_kb": "Kilobytes a second.",
    "delay_ms": "Milliseconds.",
    "delay_us": "Microseconds between two pieces.",
    "size": "Bytes of a piece.",
    "bytes": "Bytes of an answer after which the connection is closed.",
}
"""Parameters that several faults share, or whose field has no docstring."""
_OF_LINKS = {
    "replica": "Whose links: `all`, `random`, or a replica's name.",
    "server": "In a Sentinel set or a cluster: `all`, `primary`, `replica`, or a server's name.",
}


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter of a fault."""

    name: str
    default: object
    meaning: str


@dataclasses.dataclass(frozen=True)
class Entry:
    """One fault of the catalogue."""

    func: str
    """Its name in `chaos.actions`, for example `kill_replica`."""
    fault: type[Fault]
    parameters: tuple[Parameter, ...]

    @property
    def told(self) -> str:
        """What it does, in one paragraph."""
        return docstrings.summary(self.fault)


def catalogue() -> list[Entry]:
    """Every fault with its parameters: the one place that reads the tables of `chaos`."""
    return [Entry(func, fault, _parameters(fault)) for func, fault in FAULTS.items()]


def _parameters(fault: type[Fault]) -> tuple[Parameter, ...]:
    told = {**_PARAMETERS, **docstrings.attributes(fault)}
    fields = [each for each in dataclasses.fields(fault) if each.init]
    if any(each.name == "side" for each in fields):
        told |= _OF_LINKS
    return tuple(Parameter(each.name, each.default, told[each.name]) for each in fields)


ENVIRONMENTS: Mapping[str, FleetCapabilities] = {
    "processes": random_experiment.local_fleet(Topology("single"), 12),
    "`--topology sentinel`": random_experiment.local_fleet(Topology("sentinel"), 12),
    "`--topology cluster`": random_experiment.local_fleet(Topology("cluster"), 12),
    "`--redis redis://…`": random_experiment.local_fleet(Topology("single"), 12, own_redis=False),
    "containers, compose": FleetCapabilities(random_experiment.CONTAINERS, 12),
}
"""The environments of the page, each in words, under a load."""


def refusal(fault: Fault, on: FleetCapabilities) -> str | None:
    """Why the fault refuses such an environment, in its own words; None: it can be done there."""
    servers = {
        "single": ("redis",),
        "sentinel": ("redis-1", "redis-2", "redis-3"),
        "cluster": tuple(f"redis-{number}" for number in range(1, 7)),
    }[on.shape]
    replicas = [f"r{number:02}" for number in range(1, on.replicas + 1)]
    environment: Any = SimpleNamespace(
        capabilities=on.capabilities,
        replicas=dict.fromkeys(replicas),
        redis=SimpleNamespace(
            servers=dict.fromkeys(servers) if on.own_redis else {}, address="redis://…"
        ),
        network=SimpleNamespace(
            links=lambda side: {
                name: name
                for name in (servers if side == "redis" and len(servers) > 1 else replicas)
            }
        ),
    )
    try:
        fault.check(cast("Environment", environment))
    except ValueError as error:
        return str(error)
    return None


def needs(entry: Entry) -> Sequence[str]:
    """The capabilities that a fault needs with its default parameters."""
    return sorted(entry.fault().needs)


def page() -> str:
    """The page."""
    entries = catalogue()
    parts = [
        _INTRO,
        "## Where each can be done",
        _WHERE,
        markdown.table(
            ("fault", *ENVIRONMENTS),
            (
                (
                    f"[`{entry.func}`](#{entry.func})",
                    *("–" if refusal(entry.fault(), on) else "✓" for on in ENVIRONMENTS.values()),
                )
                for entry in entries
            ),
        ),
        "The network's faults need proxies on the way; an experiment that has one brings them, "
        "`diya up` has them with `--proxy`. `diya chaos` and `chaos run` have no load, and so no "
        "`load_spike` and no `reconnect_storm`.",
        *(_entry(entry) for entry in entries),
        "## Needs",
        _NEEDS,
        markdown.table(
            ("name", "meaning"),
            (
                (markdown.code(name), markdown.sentence(f"{told}."))
                for name, told in CAPABILITIES.items()
            ),
        ),
        "## Probes",
        "Questions that an experiment may ask of the fleet, in its steady-state hypothesis or "
        "between faults (`module: chaos.probes`).",
        markdown.table(
            ("probe", "what it asks"),
            (
                (markdown.code(name), docstrings.first_sentence(probe))
                for name, probe in PROBES.items()
            ),
        ),
        "## Experiments that come with diya",
        "`diya readiness --experiment NAME`.",
        markdown.table(("name", "title", "what happens"), _experiments()),
    ]
    return markdown.page("Faults", *parts)


def _entry(entry: Entry) -> str:
    named = ", ".join(map(markdown.code, needs(entry))) or "nothing"
    rows = [
        (markdown.code(each.name), markdown.code(_shown(each.default)), each.meaning)
        for each in entry.parameters
    ]
    text = f"### `{entry.func}`\n\n{docstrings.whole(entry.fault)}\n\n"
    text += f"Needs: {named}.\n\n"
    return text + markdown.table(("parameter", "default", "meaning"), rows)


def _shown(default: object) -> str:
    return (
        "none"
        if default is None
        else f"{default:g}"
        if isinstance(default, float)
        else str(default)
    )


def _experiments() -> list[tuple[str, str, str]]:
    loaded = [(name, reader.load(name)) for name in model.names()]
    return [(markdown.code(name), each.title, each.description) for name, each in loaded]
