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
        "--journeys", metavar="FILE", help="the file of the journeys that a profile names"
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
    parser = commands.add_parser(
        "experiments",
        help="list the experiments that come with diya",
        description="Lists the experiments that come with diya: what each one shows, its faults, "
        "and the topology that it needs.",
    )
    shared.json(parser)


def completion(commands: Any) -> None:
    """Add `diya completion`."""
    parser = commands.add_parser(
        "completion",
        help="print the script that completes diya's command line in a shell",
        description=_COMPLETION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=("bash", "zsh"), metavar="bash|zsh", help="your shell")


def profile(commands: Any) -> None:
    """Add `diya profile`."""
    parser = commands.add_parser(
        "profile",
        help="forecast a load before anything runs",
        description="Lists the profiles, or forecasts the load of one without a run.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser(
        "list",
        help="list the profiles that come with diya",
        description="Lists the profiles that come with diya, with the length of their load.",
    )
    show = actions.add_parser(
        "show",
        help="forecast the arrivals, turns, live sessions and Redis memory of a profile",
        description="Forecasts a profile: arrivals over time, turns, live sessions, Redis memory "
        "and the cost of the model.",
    )
    show.add_argument("profile", metavar="NAME|FILE", help="the profile")
    show.add_argument(
        "--journeys", metavar="FILE", help="the file of the journeys that the profile names"
    )
    show.add_argument("--seed", type=whole, help="show the arrivals of this seed, not the average")
    shared.model_prices(show)
