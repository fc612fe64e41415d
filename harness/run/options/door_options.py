"""Checks the option for a target's API before anything is started."""

from __future__ import annotations

import argparse

from harness.errors import ConfigError
from loadtests.doors.names import A2A, ADK


def door(args: argparse.Namespace) -> str:
    """The door to the target.  Raises ConfigError."""
    given = str(getattr(args, "door", ADK))
    if given == ADK:
        return given
    if args.target is None:
        raise ConfigError(
            f"--door {given}: must not be given without a --target; diya's own fleet has ADK's API"
        )
    if given == A2A and args.ttl is not None:
        raise ConfigError(
            f"--ttl {args.ttl:g}: must not be given with --door {A2A}, which reads tasks back and "
            "never the session that expires"
        )
    return given
