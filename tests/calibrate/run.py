"""Judges one system with diya, as a user would, and compares the verdict with the right one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.calibrate.systems import System

ROOT = Path(__file__).parents[2]
_TIMEOUT_S = 240
_TRIES = 3
"""A busy machine can make a run prove nothing; that is no verdict, and the run is made again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What diya said of a system."""

    system: System
    seed: int
    verdict: str
    failing: tuple[str, ...]
    """The gates that failed, the first reason of the verdict first."""
    headline: str
    seconds: float
    tries: int
    run_dir: Path | None

    @property
    def right(self) -> bool:
        """Whether the verdict is the expected one, for the expected reason."""
        if self.verdict != self.system.verdict:
            return False
        return self.system.convicts is None or self.system.convicts in self.failing


def judge(system: System, seed: int, out: Path) -> Outcome:
    """Run diya on it; again while the run was not sound and the system not convicted."""
    begun = time.monotonic()
    for attempt in range(1, _TRIES + 1):
        outcome = _judge(system, seed, out / f"{system.name}-{seed}-{attempt}", begun, attempt)
        if outcome.verdict != "INCONCLUSIVE":
            break
    return outcome


def _judge(system: System, seed: int, out: Path, begun: float, attempt: int) -> Outcome:
    finished = subprocess.run(
        [sys.executable, "-m", "harness.cli", *system.arguments(seed, out)],
        cwd=ROOT,
        env={**os.environ, **system.env},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    results = list(out.glob("*/result.json"))
    if not results:
        last = (finished.stderr.strip() or "no word").splitlines()[-1]
        verdict, failing, headline = f"exit {finished.returncode}", (), last
    else:
        result: dict[str, Any] = json.loads(results[0].read_text())
        verdict, headline = result["verdict"], result["headline"]
        failing = tuple(g["name"] for g in result["gates"] if g["status"] == "fail")
    return Outcome(
        system=system,
        seed=seed,
        verdict=verdict,
        failing=tuple(dict.fromkeys(failing)),
        headline=headline,
        seconds=time.monotonic() - begun,
        tries=attempt,
        run_dir=results[0].parent if results else None,
    )
