"""The forecast of Redis's memory over a run, written before the load begins."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from chaos.fleet.shapes import SINGLE
from harness.run.options import agent_options
from harness.run.plan import Plan
from loadtests.arrivals.forecast import forecast

FILE = "forecast.json"
_MOST = 100_000
"""Up to this many conversations the seed is used; above it averages are as good, and quicker."""


def write(run_dir: Path, plan: Plan, server: str) -> None:
    """Write the forecast of this run, for a Redis server of that name, into its directory.

    Nothing is written when the sizes are not known: for a session service, agent or model that was
    not measured, or for a Redis other than one server that diya starts.
    """
    values = _values(plan, server)
    if values is not None:
        scratch = run_dir / f"{FILE}.new"
        scratch.write_text(json.dumps(values) + "\n", encoding="utf-8")
        os.replace(scratch, run_dir / FILE)


def _values(plan: Plan, server: str) -> dict[str, Any] | None:
    if (
        plan.target is not None
        or "://" in plan.redis
        or plan.sessions != "redis"
        or plan.app != agent_options.SHOPMAX
        or plan.topology.shape != SINGLE
        or not plan.model_name.startswith("scripted")
    ):
        return None
    seed = plan.seed if plan.profile.expected_conversations <= _MOST else None
    ahead = forecast(plan.profile, seed, plan.book, server=server)
    return {
        "schema_version": 1,
        "step_s": ahead.step_s,
        "redis_bytes": [round(size) for size in ahead.memory],
    }
