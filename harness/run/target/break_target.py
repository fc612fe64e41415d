"""Faults at a target: the system that they are done to, and its healing at the end of the run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chaos.experiment.schedule import Schedule
from chaos.fleet.guardian import RUN_ID_VARIABLE, Guardian
from chaos.fleet.lifecycle import FleetLifecycle
from chaos.fleet.load_switch import LoadSwitchFile
from chaos.fleet.stand_in_control import StandInControl
from chaos.fleet.stand_in_switch import StandInSwitch
from chaos.fleet.target_system import TargetSystem
from chaos.fleet.undoing import UNDO_LOG
from harness.run.load import token_keeper
from harness.run.plan import Plan
from harness.run.progress import Progress
from harness.run.target import target_headers

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
    headers = target_headers.headers_for(
        plan.access, str(plan.target), lambda: token_keeper.present(plan.load_env)
    )
    return TargetSystem(plan.app, model, LoadSwitchFile(run_dir), env, guardian, headers)


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
    if not guardian.close():
        tell(kept, run_dir, progress)


def stop_fleet(
    fleet: FleetLifecycle, schedule: Schedule | None, run_dir: Path, progress: Progress
) -> None:
    """Stop a fleet of diya's own, and undo the faults of the user's own that are not undone yet.

    Raises ChaosError when something is left.
    """
    if schedule is not None and fleet.undoes:
        schedule.stop(_INTERRUPTED_S)  # its record of the fault says how it was healed
    fleet.stop()
    tell(fleet.not_undone, run_dir, progress)


def tell(kept: Sequence[Mapping[str, Any]], run_dir: Path, progress: Progress) -> None:
    """Say of each of these calls of the guardian how a person does it."""
    for call in kept:
        progress.problem(
            f"{call['target']} may not be healed; heal it by hand: {call['by_hand']} (see "
            f"{run_dir / 'logs' / UNDO_LOG})"
        )
