"""The processes that play the load: `--workers`, `--master`, `--bind` and `--join`, checked."""

from __future__ import annotations

import argparse
import re

from chaos.fleet.ports import LOOPBACK
from harness.errors import ConfigError
from harness.run.load.generator import Workers
from reports.basics.addresses import is_loopback, without_password

MASTER_PORT = 5557
"""Locust's own."""
_MOST_WORKERS = 256


def check_count(count: int) -> int:
    """The number of load generator processes.  Raises ConfigError for one outside of 1 to 256."""
    if not 1 <= count <= _MOST_WORKERS:
        raise ConfigError(f"--workers {count}: must be a number from 1 to {_MOST_WORKERS}")
    return count


def address(option: str, value: str) -> tuple[str, int]:
    """Host and port of a master, written HOST or HOST:PORT.  Raises ConfigError otherwise."""
    host, colon, port = value.partition(":")
    good = re.fullmatch(r"[\w.-]+", host) and (not colon or re.fullmatch(r"[0-9]{1,5}", port))
    if not good or not 1024 <= int(port or MASTER_PORT) <= 65535:
        shown = without_password(value)
        raise ConfigError(f"{option} {shown}: must be HOST or HOST:PORT, PORT from 1024 to 65535")
    return host, int(port or MASTER_PORT)


def workers(args: argparse.Namespace) -> Workers:
    """The processes that play the load.  Raises ConfigError for options that contradict."""
    count = check_count(args.workers)
    if not args.master:
        if args.bind is not None:
            raise ConfigError(f"--bind {args.bind}: must come with --master")
        return Workers(count)
    bind = address("--bind", args.bind or LOOPBACK)
    if not is_loopback(bind[0]) and args.target is None:
        raise ConfigError(
            f"--bind {args.bind}: must come with a --target; diya's own fleet is on loopback, "
            "where workers on other machines cannot reach it"
        )
    return Workers(count, bind)
