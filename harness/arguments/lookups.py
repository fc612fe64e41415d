"""The arguments of the subcommands that answer a question and start nothing."""

from __future__ import annotations

import argparse
from typing import Any

from harness.arguments import shared
from harness.arguments.base import whole

_CHECK = """\
Reads each file as a run would, and prints one line for it: OK and its contents, or one sentence
with the file, the key, its value and the expected value.  Nothing is started.

The kind of a file follows from its name: .yaml, .yml and .json are experiments, .toml is a profile
or a file of journeys (it has a table [journey.NAME] or [slots]), .csv and .tsv are logs of requests
per minute."""


_COMPLETION = """\
Prints a script for your shell.  It completes commands, options, files, and the names of profiles,
experiments and faults; after an upgrade of diya, print it again.

  bash: diya completion bash > ~/.local/share/bash-completion/completions/diya
  zsh:  diya completion zsh > ~/.zfunc/_diya   (a folder that is in $fpath before compinit)"""


def check(commands: Any) -> None:
    """Add `diya check`."""
    parser = commands.add_parser(
        "check", help="check that a file of yours can be used, without a run", description=_CHECK
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="an experiment, a profile, a file of journeys, or a log of requests per minute",
    )
    parser.add_argument(
        "--journeys", metavar="FILE", help="for a profile that names some of these journeys"
    )


def faults(commands: Any) -> None:
    """Add `diya faults`."""
    parser = commands.add_parser(
        "faults",
        help="list the faults, their parameters, and the fleets that take them",
        description="Lists the faults, or describes one: its effect, its parameters with units "
        "and defaults, and the fleets that it can be done to.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="for example kill-replica")
    shared.json(parser)


def experiments(commands: Any) -> None:
    """Add `diya experiments`."""
    parser = commands.add_parser("experiments", help="the experiments that come with diya")
    shared.json(parser)


def completion(commands: Any) -> None:
    """Add `diya completion`."""
    parser = commands.add_parser(
        "completion",
        help="print the script that completes diya's command line in a shell",
        description=_COMPLETION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=("bash", "zsh"), metavar="bash|zsh")


def profile(commands: Any) -> None:
    """Add `diya profile`."""
    parser = commands.add_parser("profile", help="forecast a load before anything runs")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="the profiles that come with diya")
    show = actions.add_parser(
        "show", help="arrivals, turns, live sessions and Redis memory to be expected"
    )
    show.add_argument("profile", metavar="NAME|FILE", help="which profile")
    show.add_argument("--journeys", metavar="FILE", help="for a profile that names some of these")
    show.add_argument("--seed", type=whole, help="with the arrivals that this seed draws")
    shared.model_prices(show)
