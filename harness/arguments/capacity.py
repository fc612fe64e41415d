"""The arguments of `diya capacity`."""

from __future__ import annotations

import argparse
from typing import Any

from harness.arguments import access, shared
from harness.arguments.base import number, whole
from harness.arguments.doors import door

_WHAT = """\
Measures what a turn costs, then finds the load that one replica on one core sustains, by a few
probes near it, and checks that it recovers from a kill and from an overload.  The answer sheet says
how many replicas and how much Redis a load needs, what that costs, and how sure each line is.
Needs two cores: the replica has one of its own, everything else is on the others."""


def capacity(commands: Any) -> None:
    """Add `diya capacity`."""
    options(
        commands.add_parser(
            "capacity",
            help="find the sustainable load of a replica, and how many replicas a load needs",
            description=_WHAT,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options, in the order of the help."""
    parser.add_argument(
        "--from",
        dest="from_run",
        metavar="CAPACITY_DIR",
        help="answer from a stored capacity run, within seconds: no probe is played",
    )
    parser.add_argument(
        "--profile",
        default="diwali",
        metavar="NAME|FILE",
        help="the customers: their journeys, conversations and limits (default: %(default)s)",
    )
    parser.add_argument(
        "--for",
        dest="for_load",
        metavar="RATE|PROFILE",
        help="the load to plan for: turns a second, or the night of a profile (default: that of "
        "--profile)",
    )
    parser.add_argument(
        "--conversations",
        metavar="N",
        help="with the night of a profile: scale it to this many conversations, for example 10M",
    )
    parser.add_argument(
        "--replicas-now",
        type=whole,
        metavar="N",
        help="the current number of replicas: the exit code says whether they carry the load",
    )
    parser.add_argument(
        "--shards-now",
        type=whole,
        default=1,
        metavar="N",
        help="the current number of shards of Redis (default: %(default)s)",
    )
    parser.add_argument(
        "--zones",
        type=whole,
        default=3,
        metavar="Z",
        help="the number of zones over which replicas are spread; one may be lost (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--prices", metavar="FILE", help="your prices of machines (default: those of diya)"
    )
    shared.model_prices(parser)
    parser.add_argument(
        "--minutes",
        type=number,
        default=10.0,
        metavar="M",
        help="the time for the probes; more time narrows the interval (default: %(default)g)",
    )
    parser.add_argument(
        "--redis-sizes",
        metavar="SESSIONS,...|none",
        help="the numbers of sessions with which Redis is measured after the probes, or for the "
        "stored run of --from (default: 10000,100000,300000; with --from none)",
    )
    parser.add_argument("--seed", type=whole, help="chooses the arrivals of all probes")
    _service(parser)
    _target(parser)
    shared.output(parser)
    shared.out(parser)


def _service(parser: argparse.ArgumentParser) -> None:
    shared.redis(parser)
    shared.aof(parser)
    shared.sessions(parser)
    parser.add_argument(
        "--agent",
        metavar="DIR",
        help="the folder of your own ADK agent, instead of ShopMax's",
    )
    parser.add_argument(
        "--journeys", metavar="FILE", help="the customers' messages, for an agent of your own"
    )
    shared.model(parser)


def _target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--target",
        metavar="URL",
        help="find the limit of this ADK API server: steps upward that stop at the first sign",
    )
    parser.add_argument(
        "--ceiling",
        type=number,
        metavar="RATE",
        help="with --target: turns a second that are never exceeded",
    )
    parser.add_argument("--app", help="the agent's app name at the target (default: shopmax)")
    door(parser)
    access.options(parser)
    access.who_answers(parser)
    shared.authorised(parser)
