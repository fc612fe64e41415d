"""Options about getting in at a `--target`, and about the replica that answers."""

from __future__ import annotations

import argparse

from harness.arguments import shared


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a target's door."""
    shared.token_env(parser)
    parser.add_argument(
        "--token-command",
        metavar="COMMAND",
        help="a command that prints the --target's bearer token, run without a shell at the start, "
        "before the token expires (the exp of a JWT, else every 45 min), and after a 401",
    )
    parser.add_argument(
        "--header",
        action="append",
        metavar="NAME=VARIABLE",
        help="every request to the --target has this header, with the value of that environment "
        "variable; Host too; may be repeated",
    )
    parser.add_argument(
        "--client-cert",
        metavar="FILE",
        help="the certificate that diya shows to an https --target (PEM), for mutual TLS",
    )
    parser.add_argument(
        "--client-key",
        metavar="FILE",
        help="its private key (PEM, not encrypted), if it is not in the same file",
    )


def who_answers(parser: argparse.ArgumentParser) -> None:
    """Add the options about the replicas of a target."""
    parser.add_argument(
        "--replica-header",
        metavar="NAME",
        help="the response header by which the --target names the replica that answers (default: "
        "x-diya-replica)",
    )
    parser.add_argument(
        "--target-replicas",
        type=int,
        metavar="N",
        help="how many replicas answer at the --target (default: not known); with 1, no "
        "conversation can move between replicas",
    )
