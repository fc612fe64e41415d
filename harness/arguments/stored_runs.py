"""The arguments of the subcommands that read a stored run."""

from __future__ import annotations

from typing import Any

from harness.arguments import marks, shared
from harness.arguments.base import number, whole


def report(commands: Any) -> None:
    """Add `diya report`."""
    parser = commands.add_parser(
        "report",
        help="judge a stored run again",
        description="Judges the records of a stored run with the checks of this version, and "
        "writes its result and reports again.  For a capacity run, it writes the answer sheet.",
    )
    parser.add_argument(
        "run_dir", metavar="RUN_DIR", help="the directory of the run, or of a capacity run"
    )
    marks.windows(parser)
    shared.model_prices(parser)
    shared.output(parser)


def history(commands: Any) -> None:
    """Add `diya history`."""
    parser = commands.add_parser(
        "history",
        help="list the runs below a folder with their key figures, and hint at changes",
        description="Lists the runs below DIR in the order of their starts, by set-up, with "
        "verdict and key figures, and writes history.html and history.json.  Changes are hints: "
        "they need the library ruptures, which comes with diya[history].",
    )
    parser.add_argument("dir", metavar="DIR", help="a folder with run directories below it")
    parser.add_argument(
        "--out", metavar="DIR", help="the files are written there (default: the folder itself)"
    )
    parser.add_argument("--json", action="store_true", help="print history.json, and write no file")
    shared.output(parser, "one line: the page and the number of runs")


def shrink(commands: Any) -> None:
    """Add `diya shrink`."""
    parser = commands.add_parser(
        "shrink",
        help="find the fewest faults with which a failed run fails again",
        description="Plays a failed run again with fewer and fewer of its faults, until none can "
        "be left out without the gate passing, and keeps the smallest experiment that fails.",
    )
    parser.add_argument("run_dir", metavar="RUN_DIR", help="a run that was NO-GO")
    parser.add_argument(
        "--gate",
        metavar="NAME",
        help="the gate that must fail again (default: the run's worst failure)",
    )
    parser.add_argument(
        "--most-runs",
        type=whole,
        default=30,
        metavar="N",
        help="play at most this many runs (default: %(default)s)",
    )
    parser.add_argument(
        "--most-minutes",
        type=number,
        default=60.0,
        metavar="M",
        help="begin no run after this many minutes (default: %(default)g)",
    )
    shared.redis(parser)
    shared.verbose(parser)
