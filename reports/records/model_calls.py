"""The log of the stand-in for the model, read: every call of one run, in the order of its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reports.records import FILES, ModelCall, lines


def read(run_dir: Path) -> Iterator[ModelCall]:
    """The calls of a run directory; none when it has no such log.  Raises HistoryError."""
    return lines.read(run_dir / FILES[ModelCall], ModelCall)
