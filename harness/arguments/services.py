"""The options that name the user's own services, by the URIs that `adk api_server` takes."""

from __future__ import annotations

import argparse

import diya_options
from harness.arguments import declared


def services(parser: argparse.ArgumentParser) -> None:
    """Where sessions, artifacts and memories are kept."""
    declared.add(parser, *diya_options.SERVICES)
