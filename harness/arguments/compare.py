"""The arguments of `diya compare`."""

from __future__ import annotations

import argparse
import os
from typing import Any

from harness.arguments import shared

_WHAT = """\
Compares B, the candidate, with A, the reference.  Shows first which differences in the set-up
forbid a comparison, then the facts (a loss of continuity decides before any figure), then the
figures with their intervals.  The result is worse, same, better, undecided (more pairs of runs
would decide), or no statement (these runs cannot decide: one run a side, another machine, another
load)."""

_SIDE = "a run's directory, a folder of them, or a result.json"


def compare(commands: Any) -> None:
    """Add `diya compare`."""
    parser = commands.add_parser(
        "compare",
        help="say whether the runs of B are worse or better than those of A",
        description=_WHAT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "a",
        metavar="A",
        type=os.path.expanduser,
        help=f"the reference: {_SIDE}; or the folder of `diya versus`, alone",
    )
    parser.add_argument(
        "b", nargs="?", metavar="B", type=os.path.expanduser, help=f"the candidate: {_SIDE}"
    )
    margin(parser)
    parser.add_argument(
        "--same-machine",
        action="store_true",
        help="I know that all runs were played on one machine, as fast for A as for B: compare "
        "latency and CPU although the runs were not played in turns",
    )
    undecided(parser)
    parser.add_argument(
        "--out",
        default="comparison",
        metavar="DIR",
        help="where comparison.html, comparison.json, comparison.md and junit.xml go (default: "
        "%(default)s)",
    )
    shared.output(parser, "one last line: the result, the folder and the headline")


def margin(parser: argparse.ArgumentParser) -> None:
    """`--margin`."""
    parser.add_argument(
        "--margin",
        type=share,
        metavar="N%",
        help="a change of at most this much does not matter in practice (default: each figure's "
        "own: 2%%, and more for those that rest on few turns)",
    )


def undecided(parser: argparse.ArgumentParser) -> None:
    """`--undecided`."""
    parser.add_argument(
        "--undecided",
        choices=("pass", "fail"),
        default="pass",
        help="fail: the exit code is 75 for undecided and for no statement (default: %(default)s)",
    )


def share(text: str) -> float:
    """A percentage as a share.  Raises ArgumentTypeError, which argparse puts behind the option."""
    number, sign, rest = text.partition("%")
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if not sign or rest or not 0 < value < 100:
        raise argparse.ArgumentTypeError(
            f"must be a percentage above 0 and below 100 such as 2%, got {text!r}"
        )
    return value / 100
