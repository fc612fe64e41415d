"""`diya compare`: says whether the runs of B are worse or better than those of A."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.commands.comparison_report import write_and_show
from harness.errors import ConfigError
from reports.comparison import sides, versus_file
from reports.comparison.compare import compare
from reports.comparison.sides import SideRuns


def main(args: argparse.Namespace) -> int:
    """Compare two sides and write the outputs; returns the exit code of the comparison's word.

    Raises HistoryError for a side that holds no run, ConfigError for a run on both sides or a
    folder that cannot be written to.
    """
    a, b = _sides(Path(args.a), args.b)
    _apart(a, b)
    comparison = compare(a, b, margin=args.margin, same_machine=args.same_machine)
    folder = Path(args.out)
    try:
        return write_and_show(
            comparison, folder, quiet=args.quiet, undecided_fails=args.undecided == "fail"
        )
    except OSError as error:
        raise ConfigError(
            f"--out {folder}: must be a folder to write to: {error.strerror}"
        ) from None


def _sides(a: Path, b: str | None) -> tuple[SideRuns, SideRuns]:
    """Both sides; without B they are in the folder A."""
    if b is not None:
        return sides.read([a]), sides.read([Path(b)])
    if not versus_file.is_one(a):
        raise ConfigError(
            f"{a}: must be the folder of a `diya versus`, which holds both sides, or stand before B"
        )
    return versus_file.sides_of(a)


def _apart(a: SideRuns, b: SideRuns) -> None:
    """Raises ConfigError when a run is on both sides."""
    of_a = {(each.get("run_id"), each["name"]) for each in a.results}
    for each in b.results:
        if (each.get("run_id"), each["name"]) in of_a:
            raise ConfigError(
                f"A and B must hold different runs, got {each['name']} in {a.label} and {b.label}"
            )
