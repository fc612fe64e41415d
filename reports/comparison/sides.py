"""Reads the runs of a side: run directories, folders of them, `result.json` files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from reports.basics.addresses import without_passwords
from reports.comparison import stored_result
from reports.comparison.metrics import Result
from reports.comparison.model import Side
from reports.records.errors import HistoryError
from reports.verdict.judge import RESULT_FILE, judge
from reports.verdict.result_types import SCHEMA_VERSION

RUN_FILE = "run.json"


@dataclass(frozen=True, slots=True)
class SideRuns:
    """The runs of one side, in the order of their starts."""

    label: str
    """As the user calls it."""
    results: tuple[Result, ...]

    def side(self, name: str) -> Side:
        """As a comparison shows it; `name` is A or B."""
        return Side(
            name="A" if name == "A" else "B",
            label=without_passwords(self.label),
            runs=tuple(str(result["name"]) for result in self.results),
            seeds=tuple(result.get("seed") for result in self.results),
            verdicts=tuple(str(result["verdict"]) for result in self.results),
        )


def read(paths: Sequence[Path], label: str | None = None) -> SideRuns:
    """Read a side: every path is a run directory, a folder with runs at any depth, or a result.

    A stored result is read as it is; a run without one, or one of an older version that has no
    costs, is judged from its records.  `label` is the side's name, else the paths.  Raises
    HistoryError when a path holds no run, or is damaged.
    """
    results = {}
    for path in paths:
        for found in _runs(path):
            results[found.resolve()] = _result(found)
    return of_results(list(results.values()), label or " ".join(str(path) for path in paths))


def of_results(results: Sequence[Result], label: str) -> SideRuns:
    """A side of results that were read already.  Raises HistoryError when there are none."""
    if not results:
        raise HistoryError(f"{label}: must hold at least one run, got none")
    return SideRuns(label, tuple(sorted(results, key=lambda r: (started(r), str(r["name"])))))


def started(result: Result) -> float:
    """Unix epoch seconds of the run's time zero."""
    return datetime.fromisoformat(str(result["started"])).timestamp()


def _runs(path: Path) -> Iterator[Path]:
    """The run directories and result files of a path, sorted by name."""
    if path.is_file() or _is_run(path):
        yield path
        return
    if not path.is_dir():
        raise HistoryError(f"{path}: must be a run directory, a folder of runs or a result.json")
    found = [each for each in sorted(path.iterdir()) if each.is_dir()]
    below = [run for each in found for run in (_runs_below(each))]
    if not below:
        raise HistoryError(f"{path}: must hold at least one run, got none")
    yield from below


def _runs_below(folder: Path) -> Iterator[Path]:
    if _is_run(folder):
        yield folder
        return
    for each in sorted(folder.iterdir()):
        if each.is_dir() and not each.is_symlink():
            yield from _runs_below(each)


def _is_run(folder: Path) -> bool:
    return (folder / RUN_FILE).is_file() or (folder / RESULT_FILE).is_file()


def _result(path: Path) -> dict[str, Any]:
    if path.is_file():
        return _stored(path)
    stored = _stored(path / RESULT_FILE) if (path / RESULT_FILE).is_file() else None
    if (stored is not None and "costs" in stored) or not (path / RUN_FILE).is_file():
        assert stored is not None  # a run directory has one of the two files
        return stored
    try:
        return judge(path)
    except HistoryError:
        if stored is None:
            raise
        return stored


def _stored(file: Path) -> dict[str, Any]:
    """The result in a file.  Raises HistoryError."""
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HistoryError(f"{file}: must be a result.json, got {error}") from None
    version = result.get("schema_version") if isinstance(result, dict) else None
    if version != SCHEMA_VERSION:
        raise HistoryError(f"{file}: schema_version must be {SCHEMA_VERSION}, got {version!r}")
    try:
        stored_result.check(result)
    except ValueError as error:
        raise HistoryError(f"{file}: {error}") from None
    loaded: dict[str, Any] = result
    return loaded
