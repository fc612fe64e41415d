"""The results of stored runs: every `result.json` below a folder, and those of a baseline."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from reports.comparison import stored_result
from reports.history.read_run import is_result, same_experiment, same_load

RESULT = "result.json"
Found = tuple[Path, dict[str, Any]]
"""The folder of a result, and the result."""


def below(folder: Path, skipped: list[str]) -> Iterator[Found]:
    """The results below a folder, by their paths.

    `skipped` gets one sentence for each other or damaged file of that name, and for each run
    directory without a result.
    """
    for where, names in _run_directories(folder):
        if RESULT not in names:
            skipped.append(
                f"{where}: has no {RESULT}: `diya report {where}` judges what was recorded."
            )
            continue
        try:
            yield where, _read(where / RESULT)
        except (ConfigError, _Other) as error:
            skipped.append(f"{error}.")


def _run_directories(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """The folders below that hold a run or its result, by their paths, with their files' names."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        if RESULT in names or "run.json" in names:
            yield Path(place), names


def baseline(paths: Sequence[Path]) -> list[Found]:
    """The results of a baseline: folders, run directories, or files of a result under any name.

    A folder may be empty: that of the first pull request is.  What is no result of a run is left
    out there.  Raises ConfigError for a path that does not exist, for a file that is no result,
    and for a damaged result, in a folder too.
    """
    found: list[Found] = []
    for path in paths:
        if path.is_dir():
            for where, names in _run_directories(path):
                if RESULT in names:
                    with contextlib.suppress(_Other):
                        found.append((where, _read(where / RESULT)))
        elif path.exists():
            try:
                found.append((path.parent, _read(path)))
            except _Other as error:
                raise ConfigError(str(error)) from None
        else:
            raise ConfigError(
                f"{path}: must be a run directory, a folder of those or a {RESULT}, but there is "
                "nothing"
            )
    return found


class _Other(Exception):
    """JSON that is not the result of a run."""


def _read(path: Path) -> dict[str, Any]:
    """Raises ConfigError for a damaged result, and _Other."""
    try:
        result = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    if not is_result(result):
        raise _Other(f"{path}: must be the result of a run, got another JSON file")
    try:
        stored_result.check(result)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
    checked: dict[str, Any] = result
    return checked


def of_the_load(found: Iterable[Found], result: dict[str, Any]) -> list[Found]:
    """Those with the profile and the faults of `result`: a repository has several tests.

    Where the profile was edited or scaled meanwhile, the runs from before are left out; all are
    taken where there are no others, so that the comparison can tell the difference.
    """
    alike = [each for each in found if same_experiment(each[1], result)]
    return [each for each in alike if same_load(each[1], result)] or alike
