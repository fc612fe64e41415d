"""The plan of the model stand-in that a fleet starts for its replicas."""

from __future__ import annotations

from pathlib import Path

from chaos.fleet.stand_in import StandInPlan
from harness.run.model_options import ModelChoice
from reports.records import FILES, ModelCall
from target_service.stand_in.environment import variables


def planned(chosen: ModelChoice, run_dir: Path, origin: float) -> StandInPlan | None:
    """The stand-in, which logs its calls into `run_dir`; None: the replicas have another model."""
    if not chosen.started_here:
        return None
    return StandInPlan(
        arguments=chosen.words,
        calls=run_dir / FILES[ModelCall],
        origin=origin,
        variables=variables,
    )
