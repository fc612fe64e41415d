"""Experiments: planned faults, in the format of the Chaos Toolkit.

The reader refuses every part that it does not support: a part that is silently left out would make
the result look better than it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chaos.experiment.tolerance import Tolerance
from chaos.faults.base import Fault, parameters
from chaos.fleet.environment import SystemUnderTest

DIRECTORY = Path(__file__).parents[1] / "experiments"

START = "start"
"""The phase that every load has: its beginning."""


@dataclass(frozen=True)
class Moment:
    """A moment of the load: this many seconds after a phase of the profile begins."""

    phase: str
    offset: float = 0.0

    def __str__(self) -> str:
        return f"{self.phase}+{self.offset:g}s"


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One entry of the method or of the rollbacks, and the calm around it, in seconds."""

    name: str
    before: float = 0.0
    after: float = 0.0
    background: bool = False
    """Whether the next activity does not wait for this one."""
    at: Moment | None = None
    """When to begin instead of after the pause `before` (the extension `diya`)."""


@dataclass(frozen=True, kw_only=True)
class Step(Activity):
    """One fault of the plan."""

    id: str
    """Unique in the experiment, for example `kill-replica-1`."""
    make: Callable[[], Fault]
    """A new instance of the fault, its arguments checked."""


@dataclass(frozen=True)
class Probe:
    """One question to the fleet and the answer that is expected."""

    name: str
    ask: Callable[[SystemUnderTest], object]
    tolerance: Tolerance | None = None
    """None: the answer is only recorded."""
    mask: Callable[[str], str] = str
    """Takes the experiment's secrets out of a text that is recorded."""


@dataclass(frozen=True, kw_only=True)
class Look(Activity):
    """One probe of the method: asked once, recorded."""

    probe: Probe


@dataclass(frozen=True)
class Experiment:
    """A plan of faults."""

    title: str
    description: str
    path: Path
    method: tuple[Activity, ...]
    steady_state: tuple[Probe, ...] = ()
    rollbacks: tuple[Step, ...] = ()
    topology: str | None = None
    """The topology of Redis that it needs (the extension `diya`); None: any."""
    source: str = ""
    """The text it was read from, so that a run can keep it.  No secret stands in it."""
    notes: tuple[str, ...] = ()
    """Parts of the file that were passed over, one sentence each."""
    unasked: tuple[str, ...] = ()
    """Names of the configuration whose probes were not asked: it cannot be played."""

    @property
    def faults(self) -> list[Step]:
        """The planned faults, in order."""
        return [activity for activity in self.method if isinstance(activity, Step)]

    @property
    def planned(self) -> list[str]:
        """The ids of the planned faults, in order."""
        return [step.id for step in self.faults]


def plan_of(experiment: Experiment) -> list[str]:
    """One line for each planned fault: when, which, and its parameters."""
    lines = []
    for step in experiment.faults:
        fault = step.make()
        arguments = [f"{name}={getattr(fault, name)}" for name in parameters(type(fault))]
        when = f"at {step.at}" if step.at is not None else f"{step.before:g} s later"
        lines.append(f"{when}: {step.id}  {' '.join(arguments)}".rstrip())
    return lines


def names() -> list[str]:
    """The experiments that come with the program."""
    return sorted(path.stem for path in DIRECTORY.glob("*.yaml"))
