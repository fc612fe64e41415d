"""Options of a run that breaks a target which diya did not start."""

from __future__ import annotations

import argparse

import diya_options
from harness.arguments import declared


def break_target(parser: argparse.ArgumentParser) -> None:
    """The permission to break the target."""
    declared.add(parser, diya_options.BREAK_TARGET)


def dry(parser: argparse.ArgumentParser) -> None:
    """Whether to look only."""
    parser.add_argument(
        "--dry",
        action="store_true",
        help="show the actions of --experiment at the --target and ask every probe; do no action "
        "and put no load on it; exit code 0, or 104 when something is missing",
    )
