"""The arguments of the subcommands that start a fleet or act on one, without a load."""

from __future__ import annotations

from typing import Any

from harness.arguments import shared
from harness.arguments.base import number


def demo(commands: Any) -> None:
    """Add `diya demo`."""
    parser = commands.add_parser(
        "demo",
        help="play one conversation over two real replicas",
        description="Starts Redis and two replicas, sends one message of a conversation to each, "
        "and shows that the second replica knows what the first was told.",
    )
    shared.redis(parser)
    shared.verbose(parser)


def up(commands: Any) -> None:
    """Add `diya up`."""
    parser = commands.add_parser(
        "up",
        help="bring the fleet up and keep it until Ctrl-C",
        description="Starts the fleet without a load, prints its addresses, and stops it at "
        "Ctrl-C.  `diya chaos` does faults to it meanwhile.",
    )
    shared.fleet(parser)
    parser.add_argument(
        "--ttl",
        type=number,
        default=7200.0,
        metavar="SECONDS",
        help="how long a session is kept after its last use (default: %(default)g)",
    )
    shared.output(parser, "the addresses")


def chaos(commands: Any) -> None:
    """Add `diya chaos`."""
    parser = commands.add_parser(
        "chaos",
        help="do one fault to the fleet of `diya up`",
        description="Does one fault to the fleet that `diya up` keeps, waits until it is healed, "
        "and prints how long it took.  `diya faults` lists the faults and their parameters.",
    )
    parser.add_argument("fault", metavar="FAULT", help="for example kill-replica or restart-redis")
    parser.add_argument(
        "hit",
        metavar="TARGET",
        nargs="?",
        help="a replica or a Redis server, as r01, redis-2 or primary",
    )
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the fault, as downtime=2; may be repeated",
    )
