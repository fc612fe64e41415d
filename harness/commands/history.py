"""`diya history`: the runs below a folder, in the order of their starts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.errors import ConfigError
from harness.run.directory.stored_results import RESULT, below
from reports.basics.exit_codes import ExitCode
from reports.history.build import build
from reports.render.history import files, terminal, view


def main(args: argparse.Namespace) -> int:
    """Write history.html and history.json, and print the screen; 0, since hints are no verdict.

    Raises ConfigError when the folder holds no run, or the files cannot be written.
    """
    folder = Path(args.dir)
    if not folder.is_dir():
        raise ConfigError(f"{folder}: must be a folder with run directories below it")
    skipped: list[str] = []
    results = [(str(place.relative_to(folder)), result) for place, result in below(folder, skipped)]
    if not results:
        raise ConfigError(
            f"{folder}: must hold runs that were judged, got no {RESULT} of a run below it; "
            "`diya report RUN_DIR` judges a run"
            + (f"; {skipped[0].removesuffix('.')}" if skipped else "")
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
