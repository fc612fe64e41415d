"""Plays one probe: an ordinary run, with one pinned replica, or against a target."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from chaos.experiment import reader
from chaos.experiment.model import Experiment
from harness.capacity import load
from harness.capacity.load import Stage
from harness.run.directory import rundir
from harness.run.plan import Plan
from harness.run.play import play
from harness.run.progress import Progress
from reports.capacity.findings import ProbeKind
from reports.records import run_file
from reports.records.run_description import RunDescription

DEMAND_SHARE = 0.3
"""The load of the demand run, as a share of the replica's core by the rehearsal, whose first turns
take up to twice as much as later ones."""
DOWNTIME_S = 0.5

_KILL = """\
title: The only replica is killed at the sustainable rate
description: Its outage is its restart; latency must come back within its limit.
method:
  - type: action
    name: kill the replica
    provider:
      type: python
      module: chaos.actions
      func: kill_replica
      arguments: {{replica: r01, downtime: {downtime:g}}}
    pauses: {{before: {before:g}}}
"""


@dataclass(frozen=True, slots=True)
class Order:
    """One probe, before it is played."""

    name: str
    """The name of its run directory in that of the capacity run."""
    kind: ProbeKind
    rate: float | None
    """Turns a second; None: the rate that the rehearsal chooses for the demand run."""
    stages: tuple[Stage, ...]
    kill_at: float | None = None
    """Seconds after the start of the load at which the replica is killed; None: it is not."""

    @property
    def seconds(self) -> float:
        """The planned length of the load."""
        return sum(stage.seconds for stage in self.stages)


Play = Callable[[Order], float]
"""Plays a probe into the directory of its name; returns the rate, turns a second.

Raises as `harness.run.play.play`.
"""


class ProbePlayer:
    """Plays the probes of one capacity run."""

    def __init__(self, base: Plan, root: Path, progress: Progress) -> None:
        """`base` has the options of all probes: profile, sessions, agent or target, cores, seed."""
        self._base, self._root, self._progress = base, root, progress

    def __call__(self, order: Order) -> float:
        """See `Play`."""
        plan = self._plan(order)
        run_dir = self._root / order.name
        run_dir.mkdir()
        (run_dir / "logs").mkdir()
        plan = replace(plan, command=("diya", "readiness", "--replay", str(run_dir)))
        run_file.write(run_dir, plan.description())
        if plan.experiment is not None:
            rundir.write_experiment(run_dir, plan.experiment.source)
        play(plan, run_dir, self._progress)
        return rate_of(run_dir)

    def _plan(self, order: Order) -> Plan:
        base, rehearsed = self._base, order.rate is None
        profile = load.profile_at(base.profile, order.rate or 1.0, order.stages)
        seed = load.even_seed(profile, base.book, load.seeds_of(base.seed, order.name))
        return replace(
            base,
            profile=profile,
            seed=seed,
            experiment=None if order.kill_at is None else kill_experiment(order.kill_at),
            run_id=secrets.token_hex(6),
            origin=time.time(),
            rehearse=rehearsed or base.target is not None,
            scale=None,
            replica_share=DEMAND_SHARE if rehearsed else None,
            drained=False,
        )


def rate_of(run_dir: Path) -> float:
    """The planned rate of a probe, turns a second, by its `run.json`.  Raises HistoryError."""
    profile, _ = load.played(run_file.read(run_dir, RunDescription))
    return profile.base_rate * profile.conversation.expected_turns


def kill_experiment(before: float, downtime: float = DOWNTIME_S) -> Experiment:
    """The first replica is killed this many seconds after the start of the load.

    `downtime`: seconds from its end to its new start.
    """
    text = _KILL.format(downtime=downtime, before=before)
    return reader.parse(text, Path(rundir.EXPERIMENT_FILE))
