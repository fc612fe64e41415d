"""The arguments of `diya versus`."""

from __future__ import annotations

import argparse
from typing import Any

from harness.arguments import compare, readiness
from harness.arguments.base import Parser, number

_DESCRIPTION = """\
Plays two set-ups of the service, A (the reference) and B, in turns on this machine, and compares
them: pairs of runs with the same load and seed, in the order A B, B A, A B, so that a drift of the
machine's speed is not taken for a difference.  The load is sized once, for both.

  diya versus --b "--sessions adk-redis" --replicas 4
  diya versus --a "--agent old/shop" --b "--agent new/shop" --minutes 90

All other options are those of `diya readiness` and hold for both sides."""

REFUSED = ("replay", "master", "bind", "join")
"""Options of `diya readiness` that a comparison in turns cannot have."""


def versus(commands: Any) -> None:
    """Add `diya versus`."""
    parser: Parser = commands.add_parser(
        "versus",
        help="play two set-ups in turns, and say which one is worse",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.take_options = ("--a", "--b")
    parser.add_argument(
        "--a",
        default="",
        metavar="OPTIONS",
        help="options for side A only, as one text in quotes (default: none)",
    )
    parser.add_argument("--b", required=True, metavar="OPTIONS", help="options for side B only")
    parser.add_argument(
        "--pairs",
        default="auto",
        metavar="N|auto",
        help="play exactly this many pairs, or as many as --precision needs (default: %(default)s)",
    )
    parser.add_argument(
        "--minutes",
        type=number,
        default=60.0,
        metavar="M",
        help="begin no pair that would end after this many minutes (default: %(default)g)",
    )
    parser.add_argument(
        "--precision",
        default="5%",
        metavar="SHARE",
        help="with --pairs auto: play enough pairs to find a change of this size, above the margin "
        "of 2 %%, in 4 of 5 cases (default: 5%%)",
    )
    compare.undecided(parser)
    readiness.options(parser)
    for action in parser._actions:
        if action.dest in REFUSED:
            action.help = argparse.SUPPRESS
