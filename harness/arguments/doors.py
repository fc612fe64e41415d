"""The option for a target's API."""

from __future__ import annotations

import argparse

import diya_options
from harness.arguments import declared
from loadtests.doors.names import ADK


def door(parser: argparse.ArgumentParser) -> None:
    """`--door`."""
    declared.add(parser, diya_options.DOOR, default=ADK)
