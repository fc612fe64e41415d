"""Faults at a target: the system that they are done to, and its healing at the end of the run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from chaos.experiment.schedule import Schedule
from chaos.fleet.guardian import RUN_ID_VARIABLE, Guardian
from chaos.fleet.load_switch import LoadSwitchFile
from chaos.fleet.stand_in_control import StandInControl
from chaos.fleet.stand_in_switch import StandInSwitch
from chaos.fleet.target_system import TargetSystem
from chaos.fleet.undoing import UNDO_LOG
from harness.run.plan import Plan
from harness.run.progress import Progress

_INTERRUPTED_S = 7.0
"""A run that was interrupted waits so long for the faults in progress to heal; then the guardian
undoes them."""
_LONGEST_S = 120.0
"""The same at the end of a whole run."""


def system(
    plan: Plan, run_dir: Path, control: StandInControl | None, guardian: Guardian
) -> TargetSystem | None:
    """The target as the system under test; None: it can have no faults.

    `control` is that of the stand-in for its model, where there is one.
    """
    if control is None and not plan.break_target:
        return None
    env = {**os.environ, RUN_ID_VARIABLE: plan.run_id}
    model = None if control is None else StandInSwitch(lambda: control)
    return TargetSystem(plan.app, model, LoadSwitchFile(run_dir), env, guardian)


@contextlib.contextmanager
def healed(schedule: Schedule | None) -> Iterator[None]:
    """At the end of the block, wait for the faults in progress to heal."""
    patience = _INTERRUPTED_S
    try:
        yield
        patience = _LONGEST_S
    finally:
        if schedule is not None:
            schedule.stop(patience)


def close(guardian: Guardian, run_dir: Path, progress: Progress) -> None:
    """Undo every fault that is not undone yet.  Raises ChaosError when a process is left."""
    kept = guardian.kept()
    if guardian.close():
        return
    for call in kept:
        progress.problem(
            f"{call['target']} may not be healed; heal it by hand: {call['by_hand']} (see "
            f"{run_dir / 'logs' / UNDO_LOG})"
        )
