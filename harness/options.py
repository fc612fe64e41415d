"""Options that need more than a type: checked before anything is started."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from urllib.parse import urlsplit

from chaos.addresses import is_loopback, without_password
from chaos.topologies import Topology
from harness.errors import ConfigError

KINDS = ("redis", "adk-redis", "memory")
_LONGEST_SEED = 2**63 - 1


def check_sessions(value: str) -> None:
    """Raise ConfigError unless `value` can name a session service.

    The module of a factory is found, not imported: the replicas import it, in their own world.
    """
    if value in KINDS:
        return
    wanted = f"{', '.join(KINDS)} or module:factory was expected"
    module, colon, factory = value.partition(":")
    if not colon or not module or not factory.isidentifier():
        raise ConfigError(f"--sessions {value}: {wanted}")
    # The replicas find modules of the folder one stands in; so does this check.
    path, sys.path = sys.path, [os.getcwd(), *sys.path]
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    finally:
        sys.path = path
    if found is None:
        raise ConfigError(f"--sessions {value}: there is no module {module!r}; {wanted}")


def check_target(url: str, *, authorised: bool) -> None:
    """Raise ConfigError unless load may go to this address."""
    parts = urlsplit(url)
    try:
        port_ok = parts.port != 0
    except ValueError:
        port_ok = False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_ok:
        raise ConfigError(
            f"--target {without_password(url)}: an http:// or https:// address was expected"
        )
    if not authorised and not is_loopback(parts.hostname):
        raise ConfigError(
            f"--target {without_password(url)}: it is not on this machine; load goes there only "
            "with --authorised, by which you say that you may"
        )


def topology(args: argparse.Namespace) -> Topology:
    """The form of Redis that was asked for.  Raises ConfigError, or ChaosConfigError."""
    chosen = Topology(args.topology, args.aof, args.rdb, args.min_replicas)
    if chosen != Topology() and ("://" in args.redis or getattr(args, "target", None)):
        raise ConfigError(
            "--topology, --aof, --rdb, --min-replicas: they are for a Redis of our own; with a "
            "--target or an address as --redis, none of them was expected"
        )
    return chosen


def check_port(port: int | None) -> None:
    """Raise ConfigError unless the port is one that an ordinary user may listen on."""
    if port is not None and not 1024 <= port <= 65000:
        raise ConfigError(f"--port {port}: a port from 1024 to 65000 was expected")


def check_seed(seed: int) -> None:
    """Raise ConfigError for a seed outside of 0 to 2^63 - 1."""
    if not 0 <= seed <= _LONGEST_SEED:
        raise ConfigError(f"--seed {seed}: a whole number from 0 to {_LONGEST_SEED} was expected")
