"""`diya mark`: declares a fault of another tool to a run that is under way."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.errors import ConfigError
from harness.run.directory import live_run
from harness.run.marks import marking
from reports.basics.exit_codes import ExitCode
from reports.records import FaultMark

_OUT = Path("runs")
"""The folder in which `diya readiness` keeps its runs."""


def main(args: argparse.Namespace) -> int:
    """Write the mark and print a line about it.

    Raises ConfigError for a mark that the run cannot take, HistoryError for a directory without a
    run.
    """
    asked = FaultMark(0.0, args.mark_name, args.edge, args.target, args.lost_unsynced)
    marking.check(asked)
    run_dir = live_run.newest(_OUT) if args.run == live_run.NEWEST else Path(args.run)
    try:
        mark = marking.add(run_dir, asked)
    except OSError as error:
        raise ConfigError(
            f"--run {run_dir}: must be a directory that can be written, got {error.strerror}"
        ) from None
    print(
        f"{mark.name}  {'begun' if mark.edge == 'begin' else 'ended'} at {mark.t:.1f} s  {run_dir}"
    )
    return ExitCode.GO
