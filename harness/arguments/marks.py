"""The arguments that declare faults of another tool: `diya mark`, `--marks` and `--windows`."""

from __future__ import annotations

import argparse
from typing import Any

from harness.arguments import shared
from harness.arguments.base import whole


def mark(commands: Any) -> None:
    """Add `diya mark`."""
    parser = commands.add_parser(
        "mark",
        help="mark the beginning or the end of a fault that another tool does to a run",
        description="Declares to a run that is under way that a fault of another tool, or of a "
        "person, begins or ends now.  The run judges it like a fault of its own; nothing verifies "
        "that it happened.",
    )
    parser.add_argument(
        "edge",
        choices=("begin", "end"),
        metavar="begin|end",
        help="whether the fault begins or ends now",
    )
    parser.add_argument(
        "mark_name", metavar="NAME", help="the name of the fault in the reports, as db-failover"
    )
    parser.add_argument(
        "--target",
        metavar="NAME",
        default="",
        help="begin: the target of the fault, as replicas (r01, r02) or redis (default: the "
        "service)",
    )
    parser.add_argument(
        "--lost-unsynced",
        action="store_true",
        help="begin: acknowledged writes that were not synced to a disk, of the 2 s before the "
        "mark and until its end, may be lost",
    )
    parser.add_argument(
        "--run",
        default="newest",
        metavar="DIR|newest",
        help="the directory of the run (default: the newest in runs/ that is under way)",
    )
    shared.verbose(parser)


def marks(parser: argparse.ArgumentParser) -> None:
    """Add `--marks` to a command that plays a run."""
    parser.add_argument(
        "--marks",
        nargs="?",
        type=whole,
        const=0,
        metavar="PORT",
        help="other tools mark their faults by POST /marks on this port of loopback (default: a "
        "free one), with the token that is in the run directory, or in the environment as "
        "DIYA_MARK_TOKEN; `diya mark` needs no port",
    )


def windows(parser: argparse.ArgumentParser) -> None:
    """Add `--windows` to a command that judges a run."""
    parser.add_argument(
        "--windows",
        metavar="FILE",
        help="a TOML, CSV or JSON file of faults that were done to the run: name, start, end "
        "(seconds of the run, or ISO times); kept in the run directory, instead of those of an "
        "earlier file",
    )
