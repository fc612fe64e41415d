"""The grammar of the commands that answer a question and start nothing."""

from __future__ import annotations

import argparse
from typing import Any

_CHECK = """\
Reads each file as a run would, and prints one line for it: OK and what is in it, or one sentence
with the file, the key, the value and what is expected.  Nothing is started.

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
        "check", help="whether a file of yours can be used, without a run", description=_CHECK
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
        help="which faults there are, what they take, where each can be done",
        description="Lists the faults, or says all of one: what it does, its parameters with units "
        "and defaults, and the fleets that it can be done to.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="for example kill-replica")
    _json(parser)


def experiments(commands: Any) -> None:
    """Add `diya experiments`."""
    parser = commands.add_parser("experiments", help="the experiments that come with diya")
    _json(parser)


def completion(commands: Any) -> None:
    """Add `diya completion`."""
    parser = commands.add_parser(
        "completion",
        help="print the script that completes diya's command line in a shell",
        description=_COMPLETION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=("bash", "zsh"), metavar="bash|zsh")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the same as JSON, for a script")
