"""The option for a target's API."""

from __future__ import annotations

import argparse

from loadtests.doors.names import ADK, DOORS


def door(parser: argparse.ArgumentParser) -> None:
    """`--door`."""
    parser.add_argument(
        "--door",
        choices=DOORS,
        default=ADK,
        help="the API of the --target: ADK's server (/run, /run_sse), Agent Engine's "
        "/api/reasoning_engine, or A2A, where --target is the address of the agent's calls "
        "(default: %(default)s)",
    )
