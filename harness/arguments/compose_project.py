"""The options of a compose project of the user's own."""

from __future__ import annotations

import argparse


def options(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    parser.add_argument(
        "--compose-file",
        metavar="FILE",
        help="compose: play with the running project that you started from this file; diya breaks "
        "and heals the services that --service names, and creates and removes nothing",
    )
    parser.add_argument(
        "--service",
        action="append",
        metavar="ROLE=NAME[:PORT]",
        help="compose: the service of your file that is the agent, the balancer or redis; PORT is "
        "the one in its containers, if they have several; may be repeated",
    )
    parser.add_argument(
        "--project-name",
        metavar="NAME",
        help="compose: the project, if several were started from the --compose-file",
    )
    parser.add_argument(
        "--redis-password-env",
        metavar="NAME",
        help="compose: the environment variable that holds the password of your Redis",
    )
