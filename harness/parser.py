"""The parser of the command line.  It imports nothing slow, so that `--help` answers at once."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from harness.arguments import (
    capacity,
    compare,
    fleets,
    lookups,
    marks,
    model,
    readiness,
    simulate,
    stored_runs,
    versus,
)
from harness.arguments.base import Parser, Version
from reports.basics.exit_codes import ExitCode

_DESCRIPTION = """\
diya: will your Redis-backed AI agents survive the biggest sale of the year?
A verdict with evidence: GO, NO-GO or INCONCLUSIVE."""

_EXITS = f"""\
exit codes: {ExitCode.GO} GO, {ExitCode.NO_GO} NO-GO, {ExitCode.INCONCLUSIVE} INCONCLUSIVE, \
{ExitCode.BAD_CONFIGURATION} bad configuration, {ExitCode.INTERRUPTED} interrupted,
{ExitCode.BROKEN} the harness broke"""

_COMMANDS = (
    readiness.readiness,
    capacity.capacity,
    simulate.simulate,
    versus.versus,
    stored_runs.report,
    compare.compare,
    stored_runs.history,
    stored_runs.shrink,
    lookups.profile,
    lookups.faults,
    lookups.experiments,
    lookups.check,
    fleets.demo,
    fleets.up,
    fleets.chaos,
    marks.mark,
    model.model,
    lookups.completion,
)
"""In the order of `diya --help`."""


def build() -> argparse.ArgumentParser:
    """The parser of all commands.  Its `parse_args` raises ConfigError for bad arguments."""
    parser = Parser(
        prog="diya",
        description=_DESCRIPTION,
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version",
        action=Version,
        nargs=0,
        default=argparse.SUPPRESS,
        help="print the version of diya and exit",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in _COMMANDS:
        add(commands)
    return parser


def capacity_options() -> list[argparse.Action]:
    """The options of `diya capacity`, in the order of its help."""
    parser = argparse.ArgumentParser(add_help=False)
    capacity.options(parser)
    return list(parser._actions)


def readiness_options() -> list[argparse.Action]:
    """The options of `diya readiness`, in the order of its help."""
    parser = argparse.ArgumentParser(add_help=False)
    readiness.options(parser)
    return list(parser._actions)


def is_given(args: argparse.Namespace, option: argparse.Action) -> bool:
    """Whether an option has another value than its default."""
    return bool(getattr(args, option.dest, option.default) != option.default)


def given(
    args: argparse.Namespace, names: Iterable[str], options: Iterable[argparse.Action]
) -> list[str]:
    """Those of `names` whose option has another value than its default.

    A name is that of the option in `args`, such as `min_replicas`; every one is among `options`.
    """
    known = {option.dest: option for option in options}
    return [name for name in names if is_given(args, known[name])]
