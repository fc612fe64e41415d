"""Options about getting in at a `--target`, and about the replica that answers."""

from __future__ import annotations

import argparse

import diya_options
from harness.arguments import declared


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a target's door."""
    declared.add(parser, *diya_options.ACCESS)


def who_answers(parser: argparse.ArgumentParser) -> None:
    """Add the options about the replicas of a target."""
    declared.add(parser, *diya_options.WHO_ANSWERS)
