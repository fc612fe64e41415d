"""`diya history`: the runs below a folder, in the order of their starts."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from reports.basics.exit_codes import ExitCode
from reports.history.build import build
from reports.history.read_run import is_result
from reports.render.history import files, terminal, view

RESULT = "result.json"


def main(args: argparse.Namespace) -> int:
    """Write history.html and history.json, and print the screen; 0, since hints are no verdict.

    Raises ConfigError when the folder holds no run, or the files cannot be written.
    """
    folder = Path(args.dir)
    if not folder.is_dir():
        raise ConfigError(f"{folder}: must be a folder with run directories below it")
    skipped: list[str] = []
    results = list(_results(folder, skipped))
    if not results:
        raise ConfigError(
            f"{folder}: must hold runs that were judged, got no {RESULT} of a run below it; "
            "`diya report RUN_DIR` judges a run"
        )
    history = build(str(folder), results, skipped)
    if args.json:
        print(files.to_json(history), end="")
        return ExitCode.GO
    out = Path(args.out) if args.out is not None else folder
    try:
        out.mkdir(parents=True, exist_ok=True)
        files.write_all(out, history)
    except OSError as error:
        raise ConfigError(f"--out {out}: must be a folder to write to: {error.strerror}") from None
    page = str(out / files.PAGE)
    if args.quiet:
        print(f"{page}  {view.title(history)}")
    else:
        print(terminal.render(history, sys.stdout.isatty(), page), end="")
    return ExitCode.GO


def _results(folder: Path, skipped: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The results below the folder with their folders; one sentence in `skipped` for each other
    file of that name, and for each run directory without a result."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        where = Path(place)
        if RESULT not in names:
            if "run.json" in names:
                skipped.append(
                    f"{where}: has no {RESULT}: `diya report {where}` judges what was recorded."
                )
            continue
        path = where / RESULT
        try:
            found = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            skipped.append(f"{path}: cannot be read: {error}.")
            continue
        if is_result(found):
            yield str(where.relative_to(folder)), found
        else:
            skipped.append(f"{path}: must be the result of a run, got another JSON file.")
