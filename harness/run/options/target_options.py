"""Options that mean nothing at a `--target`: they say how a fleet of diya's own is built."""

from __future__ import annotations

import argparse

from diya_options import flag
from harness import parser
from harness.errors import ConfigError

_OF_A_FLEET = ("replicas", "sessions", "port", "proxy")
"""Those that no other check refuses; the others are refused where they are read."""


def check(args: argparse.Namespace) -> None:
    """Raise ConfigError for an option of a fleet that is given with a --target."""
    if args.target is None:
        return
    if given := parser.given(args, _OF_A_FLEET, parser.readiness_options()):
        named = ", ".join(map(flag, given))
        instead = "; --target-replicas says how many it has" if "replicas" in given else ""
        raise ConfigError(
            f"{named}: must not be given with a --target, which is used as it runs{instead}"
        )
    if args.redis in ("bundled", "system"):
        raise ConfigError(
            f"--redis {args.redis}: must be the address of the --target's Redis, redis://HOST:PORT"
        )
    # With --fleet it also allows to read the pods, which is of use without faults.
    pods = args.fleet is not None or args.redis_fleet is not None
    if args.break_target and args.experiment in (None, "none") and not pods:
        raise ConfigError(
            "--break-target: must be given with an --experiment, whose faults are done to the "
            "--target"
        )
