"""The results of stored runs: every `result.json` below a folder, and those of a baseline."""

from __future__ import annotations

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
    for place, result in _below(folder, skipped):
        try:
            _check(place / RESULT, result)
        except ConfigError as error:
            skipped.append(f"{error}.")
        else:
            yield place, result


def _below(folder: Path, skipped: list[str]) -> Iterator[Found]:
    """The same with those that are damaged."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        where = Path(place)
        if RESULT in names:
            yield from _read(where / RESULT, skipped)
        elif "run.json" in names:
            skipped.append(
                f"{where}: has no {RESULT}: `diya report {where}` judges what was recorded."
            )


def _read(path: Path, skipped: list[str]) -> Iterator[Found]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        skipped.append(f"{path}: cannot be read: {error}.")
        return
    if is_result(found):
        yield path.parent, found
    else:
        skipped.append(f"{path}: must be the result of a run, got another JSON file.")


def baseline(paths: Sequence[Path]) -> list[Found]:
    """The results of a baseline: folders, run directories, or files of a result under any name.

    A folder may be empty: that of the first pull request is.  Raises ConfigError for a path that
    does not exist, for a file that is no result, and for a damaged result.
    """
    found: list[Found] = []
    for path in paths:
        if path.is_dir():
            runs = list(_below(path, []))
            for folder, result in runs:
                _check(folder / RESULT, result)
            found += runs
            continue
        if not path.exists():
            raise ConfigError(
                f"{path}: must be a run directory, a folder of those or a {RESULT}, but there is "
                "nothing"
            )
        skipped: list[str] = []
        found += _read(path, skipped)
        if skipped:
            raise ConfigError(skipped[0].removesuffix("."))
        _check(path, found[-1][1])
    return found


def _check(path: Path, result: dict[str, Any]) -> None:
    """Raises ConfigError, one sentence, for a damaged result."""
    try:
        stored_result.check(result)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def of_the_load(found: Iterable[Found], result: dict[str, Any]) -> list[Found]:
    """Those with the profile and the faults of `result`: a repository has several tests.

    Where the profile was edited or scaled meanwhile, the runs from before are left out; all are
    taken where there are no others, so that the comparison can tell the difference.
    """
    alike = [each for each in found if same_experiment(each[1], result)]
    return [each for each in alike if same_load(each[1], result)] or alike
