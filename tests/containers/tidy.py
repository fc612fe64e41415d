"""Containers, networks and volumes in Docker that have a run's label."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path


def run_ids(out: Path) -> list[str]:
    """The ids of the runs in a folder of runs, so far."""
    return [json.loads(path.read_text())["run_id"] for path in sorted(out.glob("*/run.json"))]


def left(*runs: str) -> list[str]:
    """Containers, networks and volumes of these runs."""
    found = []
    for what in (("ps", "-aq"), ("network", "ls", "-q"), ("volume", "ls", "-q")):
        for run_id in runs:
            told = subprocess.run(
                ["docker", *what, "--filter", f"label=diya.run={run_id}"],
                capture_output=True,
                text=True,
                check=True,
            )
            found += told.stdout.split()
    return found
