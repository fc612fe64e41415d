"""The plan of the model stand-in that a fleet starts for its replicas."""

from __future__ import annotations

from pathlib import Path

from chaos.fleet.stand_in import StandInPlan
from harness.run import model_quota
from harness.run.model_options import ModelChoice
from reports.records import FILES, ModelCall
from target_service.stand_in.environment import variables


def planned(
    chosen: ModelChoice, run_dir: Path, origin: float, *, quota_at_once: bool = False
) -> StandInPlan | None:
    """The stand-in, which logs its calls into `run_dir`; None: the replicas have another model.

    With `quota_at_once` it holds the quota from its start, not from that of a run's load.
    """
    if not chosen.started_here:
        return None
    quota = chosen.quota if quota_at_once else None
    return StandInPlan(
        arguments=(
            *chosen.words,
            *(() if quota is None else ("--quota", model_quota.words(quota))),
        ),
        calls=run_dir / FILES[ModelCall],
        origin=origin,
        variables=variables,
    )
