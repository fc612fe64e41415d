"""The plan of the model stand-in that a fleet starts for its replicas."""

from __future__ import annotations

import json
from pathlib import Path

from chaos.fleet.stand_in import StandInPlan
from harness.run.model import model_quota
from harness.run.model.model_options import ModelChoice
from loadtests.profiles.journeys import Book
from reports.records import FILES, ModelCall
from target_service.stand_in.environment import variables

SCRIPT = "model-script.json"
"""The file of a run directory with the calls of tools that the journeys script."""


def planned(
    chosen: ModelChoice,
    run_dir: Path,
    origin: float,
    book: Book | None = None,
    *,
    quota_at_once: bool = False,
) -> StandInPlan | None:
    """The stand-in, which logs its calls into `run_dir`; None: the replicas have another model.

    `book` has the journeys, which may script the calls of tools.  With `quota_at_once` it holds the
    quota from its start, not from that of a run's load.
    """
    if not chosen.started_here:
        return None
    words = list(chosen.words)
    if quota_at_once and chosen.quota is not None:
        words += ["--quota", model_quota.words(chosen.quota)]
    script = None if book is None else book.model_script()
    if script is not None:
        path = run_dir.absolute() / SCRIPT
        path.write_text(json.dumps(script, ensure_ascii=False) + "\n", encoding="utf-8")
        words += ["--script", str(path)]
    return StandInPlan(
        arguments=tuple(words),
        calls=run_dir / FILES[ModelCall],
        origin=origin,
        variables=variables,
    )
