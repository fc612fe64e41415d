"""The options of a fleet in containers, checked before anything is started."""

from __future__ import annotations

import argparse
import os
import re

from chaos.fleet.shapes import SINGLE
from harness.errors import ConfigError
from harness.fleet_kinds import FLEETS, in_containers, with_option


def images(args: argparse.Namespace) -> dict[str, str]:
    """The images that were named for containers.

    Raises ConfigError, also for other options that do not go with the kind of fleet.
    """
    kind = FLEETS[args.env]
    named = {
        name: value
        for name in ("service", "redis", "envoy")
        if (value := getattr(args, "image" if name == "service" else f"{name}_image"))
    }
    if not kind.in_containers:
        if named:
            raise ConfigError(
                f"--image, --redis-image, --envoy-image: must come with --env {in_containers()}"
            )
        return named
    if args.target is not None or args.topology != SINGLE or args.redis != "auto" or args.proxy:
        raise ConfigError(
            f"--env {args.env}: --target, --redis, --topology and --proxy must not be given; it "
            "has one Redis of its own and no proxies"
        )
    if kind.plays_load and (args.master or args.join is not None):
        raise ConfigError(
            f"--env {args.env}: --master and --join must not be given; its file starts Locust's own"
        )
    return named


HEALTH_PATH = "/readyz"


def health_path(args: argparse.Namespace) -> str:
    """Where the service of an image says that it is ready.  Raises ConfigError."""
    if args.health_path is None:
        return HEALTH_PATH
    path = str(args.health_path)
    if args.compose_file is None:
        _check_kind("--health-path", path, args)
    if not re.fullmatch(r"/[!-~]*", path):
        raise ConfigError(
            f"--health-path {path!r}: must be a path that begins with /, of printable ASCII "
            "characters without spaces"
        )
    return path


def _check_kind(option: str, value: str, args: argparse.Namespace) -> None:
    if option not in FLEETS[args.env].options:
        raise ConfigError(f"{option} {value}: must come with --env {with_option(option)}")


_OF_THE_FLEET = ("DIYA_REDIS_URL", "DIYA_REPLICA", "DIYA_SESSIONS", "DIYA_TTL_SECONDS")


def pass_env(args: argparse.Namespace) -> tuple[str, ...]:
    """The variables that replicas in containers get from diya's environment.  Raises ConfigError.

    Their values are in no message.
    """
    names = tuple(dict.fromkeys(args.pass_env or ()))
    for name in names:
        _check_kind("--pass-env", name, args)
        if name in _OF_THE_FLEET:
            raise ConfigError(f"--pass-env {name}: must be another name; the fleet sets this one")
        if name not in os.environ:
            raise ConfigError(
                f"--pass-env {name}: the environment has no such variable; it must name one that "
                "the agent in the containers needs"
            )
    return names
