"""The arguments of `diya simulate`."""

from __future__ import annotations

import argparse
from typing import Any

from harness.arguments import shared
from harness.arguments.base import number, whole

_DESCRIPTION = """\
Plays a profile against a simulated service: the arrivals, conversations and model of a real load
with the same seed, and replicas, balancer and Redis of a calibration.  No service is started, so
the result is no evidence about one: it says what the calibration implies.

A fault is given by its time, in seconds after the start of the load:
  --kill 20                    the first replica is killed (20:3: the third one)
  --restart-redis 30:0.6       Redis is away for 0.6 s
  --slow-model 30:20:3         the model takes 3 times as long for 20 s
  --slow-redis 30:20:10        Redis's scripts take 10 times as long for 20 s"""


def simulate(commands: Any) -> None:
    """Add `diya simulate`."""
    parser = commands.add_parser(
        "simulate",
        help="play a load against a simulated service: throughput, latency, memory",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--profile", default="diwali", metavar="NAME|FILE", help="the load (default: %(default)s)"
    )
    parser.add_argument(
        "--journeys", metavar="FILE", help="what customers write about (default: ShopMax's)"
    )
    parser.add_argument(
        "--replicas",
        type=whole,
        default=12,
        metavar="N",
        help="the number of simulated replicas (default: %(default)s)",
    )
    parser.add_argument(
        "--calibration",
        metavar="FILE",
        help="calibration.json, or the directory of a capacity run that has one (default: built "
        "in, measured on another machine)",
    )
    parser.add_argument(
        "--calibrate",
        metavar="DIR",
        help="make calibration.json in this directory of a capacity run, and stop",
    )
    parser.add_argument(
        "--seed",
        type=whole,
        default=1,
        metavar="S",
        help="the seed of the load and of the service (default: %(default)s)",
    )
    parser.add_argument(
        "--seeds",
        type=whole,
        default=1,
        metavar="N",
        help="simulate this many seeds, from --seed on, without records (default: %(default)s)",
    )
    parser.add_argument(
        "--scale", type=number, default=1.0, metavar="F", help="multiply all rates (default: 1)"
    )
    parser.add_argument(
        "--shards",
        type=whole,
        default=1,
        metavar="N",
        help="the number of Redis servers, each with an equal share of the load and the replicas: "
        "one of them is simulated, without records (default: %(default)s)",
    )
    parser.add_argument(
        "--cores",
        type=whole,
        metavar="C",
        help="all processes share this many cores (default: each process has a core of its own)",
    )
    parser.add_argument("--kill", action="append", default=[], metavar="AT[:N]", help="see above")
    parser.add_argument(
        "--restart-redis", action="append", default=[], metavar="AT:SECONDS", help="see above"
    )
    parser.add_argument(
        "--slow-model", action="append", default=[], metavar="AT:SECONDS:FACTOR", help="see above"
    )
    parser.add_argument(
        "--slow-redis", action="append", default=[], metavar="AT:SECONDS:FACTOR", help="see above"
    )
    parser.add_argument(
        "--no-records",
        action="store_true",
        help="statistics only: no run directory, no verdict",
    )
    shared.out(parser)
    shared.output(parser)
