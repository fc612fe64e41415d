"""The switch of the scripted models of local replicas: a file that they look at."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from chaos.fleet.environment import MODEL_IN_PROCESS

VARIABLE = "DIYA_MODEL_FAULTS"
"""Names the file in the environment of the replicas."""


class ModelSwitchFile:
    """`model-faults.json` in a private folder of the run; affected replicas create files there."""

    capabilities = MODEL_IN_PROCESS

    def __init__(self, directory: Path) -> None:
        """Nothing is written."""
        self.path = directory.absolute() / "model-faults.json"
        self._number = 0

    def apply(self, settings: Mapping[str, float], lasts_s: float | None = None) -> None:
        """Every model has these faults from its next reply on.  None outlives this process."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._number += 1
        scratch = self.path.with_suffix(".new")
        scratch.write_text(json.dumps({**settings, "number": self._number}))
        os.replace(scratch, self.path)

    def affected_replicas(self) -> frozenset[str]:
        """The replicas whose model has made a reply worse since the last `apply`."""
        marks = self.path.parent.glob(f"affected-{self._number}-*")
        return frozenset(mark.name.split("-", 2)[2] for mark in marks)

    def clear(self) -> None:
        """Restore the normal behaviour."""
        self.path.unlink(missing_ok=True)
