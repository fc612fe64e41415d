"""The arguments of `diya readiness`."""

from __future__ import annotations

import argparse
from typing import Any

import diya_options
from harness.arguments import (
    access,
    break_target,
    compose_project,
    declared,
    marks,
    pods,
    shared,
    watching,
)
from harness.arguments.base import whole
from harness.arguments.doors import door
from harness.arguments.services import services
from harness.fleet_kinds import DEFAULT, FLEETS


def readiness(commands: Any) -> None:
    """Add `diya readiness`."""
    parser = commands.add_parser(
        "readiness",
        help="run the load and the faults, judge, report",
        description="Starts a fleet, or uses the one at --target, puts the load of a profile on "
        "it, does the faults of an experiment to it, and judges the records: GO, NO-GO or "
        "INCONCLUSIVE.  The records and reports are kept in a directory of the run.",
    )
    options(parser)
    break_target.dry(parser)
    parser.add_argument(
        "--baseline",
        action="append",
        metavar="DIR|FILE",
        help="compare the run with these: a run directory, a folder of those, or a result.json; "
        "may be repeated; the comparison is shown after the verdict, kept in the run directory, "
        "and changes neither the verdict nor the exit code",
    )
    parser.add_argument(
        "--same-machine",
        action="store_true",
        help="I know that the --baseline was played on this machine, which was as fast then: "
        "compare latency and CPU too",
    )
    watching.watching(parser)


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options, in the order of the help."""
    parser.add_argument(
        "--profile",
        default="diwali",
        metavar="NAME|FILE",
        help="the load (default: %(default)s); `diya check FILE` reads one of yours without a run",
    )
    parser.add_argument(
        "--experiment",
        metavar="FILE|random:SEED|none",
        help="the faults: a file in Chaos Toolkit's format, the name of an experiment that comes "
        "with diya, or faults drawn by a seed "
        "(default: diwali-default, or the profile's own where there is one; none for a --target); "
        "`diya check FILE` reads one of yours without a run",
    )
    parser.add_argument(
        "--replay",
        metavar="RUN_DIR",
        help="play that run again: its load, fleet, seed and faults",
    )
    parser.add_argument(
        "--seed",
        type=whole,
        help="the seed of the load and of the faults' targets (default: drawn); the same seed "
        "gives the same load and faults again",
    )
    parser.add_argument(
        "--scale",
        default="auto",
        metavar="auto|FACTOR",
        help="multiply all rates of the profile by this factor (default: auto, which is below 1 "
        "when a rehearsal shows that this machine cannot carry the whole load; 1 for a --target)",
    )
    parser.add_argument(
        "--slo",
        action="append",
        metavar="NAME=VALUE",
        help="use this limit instead of the profile's, for example steady_p99_s=1.5 (seconds) or "
        "error_rate=0.01 (a share); may be repeated; reports show both limits",
    )
    parser.add_argument(
        "--no-rehearsal",
        action="store_true",
        help="begin the load at once, with --scale 1 unless another is given; a service that "
        "always fails is then found only by the run",
    )
    shared.fleet(parser)
    services(parser)
    parser.add_argument(
        "--checkout",
        metavar="DIR",
        help="the replicas run the service of this checkout of another release of diya, with the "
        "packages of its .venv if it has one; load and verdict come from this release",
    )
    parser.add_argument(
        "--env",
        choices=tuple(FLEETS),
        default=DEFAULT,
        help="where the fleet runs (default: %(default)s; "
        + "; ".join(kind.help for kind in FLEETS.values() if kind.help)
        + ")",
    )
    parser.add_argument("--image", metavar="IMAGE", help="containers: the service's image")
    parser.add_argument(
        "--redis-image", metavar="IMAGE", help="containers: Redis's image (default: redis:8)"
    )
    parser.add_argument("--envoy-image", metavar="IMAGE", help="containers: Envoy's image")
    parser.add_argument(
        "--health-path",
        metavar="PATH",
        help="containers: where --image answers 200 when it is ready (default: /readyz)",
    )
    parser.add_argument(
        "--pass-env",
        action="append",
        metavar="NAME",
        help="containers: replicas get this variable of diya's environment; its value is not "
        "recorded",
    )
    compose_project.options(parser)
    declared.add(parser, diya_options.TARGET)
    door(parser)
    declared.add(parser, diya_options.MODEL_URL)
    parser.add_argument(
        "--app", help="the agent's app name, at the target or in --image (default: shopmax)"
    )
    declared.add(parser, diya_options.TTL)
    access.options(parser)
    access.who_answers(parser)
    parser.add_argument(
        "--journeys",
        metavar="FILE",
        help="the customers' messages, for an agent of your own (default: ShopMax's)",
    )
    shared.model_prices(parser)
    shared.authorised(parser)
    break_target.break_target(parser)
    marks.marks(parser)
    pods.pods(parser)
    _workers(parser)
    shared.output(parser)
    shared.out(parser)


def _workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workers",
        type=whole,
        default=1,
        metavar="N",
        help="load generator processes on this machine; with --master, the number that will join",
    )
    parser.add_argument(
        "--master", action="store_true", help="wait for workers that --join from other machines"
    )
    parser.add_argument(
        "--bind",
        metavar="HOST[:PORT]",
        help="the address at which a --master accepts workers (default: 127.0.0.1:5557)",
    )
    parser.add_argument(
        "--join",
        metavar="HOST[:PORT]",
        help="be a worker of the --master there, which sets the load and the target and gives the "
        "verdict",
    )
