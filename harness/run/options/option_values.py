"""Options of a run that need more than a type: checked before anything is started."""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import sys
from pathlib import Path

from chaos.fleet.plan import POSTGRES
from chaos.fleet.topology import Topology
from harness.errors import ConfigError
from loadtests.adk.target import address as parse_target
from loadtests.profiles.profile import HIGHEST_RATE, LOWEST_RATE, Profile
from reports.basics.addresses import is_loopback, without_password
from reports.model_cost import prices
from reports.model_cost.price_file import PriceError
from reports.model_cost.prices import ModelPrices

KINDS = ("redis", "adk-redis", "memory", POSTGRES)
_LONGEST_SEED = 2**63 - 1


def check_sessions(value: str) -> None:
    """Raise ConfigError unless `value` can name a session service.

    The module of a factory is located, not imported: the replicas import it in their processes.
    """
    if value in KINDS:
        return
    wanted = f"must be one of {', '.join(KINDS)} or module:factory"
    module, colon, factory = value.partition(":")
    if not colon or not module or not factory.isidentifier():
        raise ConfigError(f"--sessions {value}: {wanted}")
    # The replicas search the working directory for modules; so does this check.
    path, sys.path = sys.path, [os.getcwd(), *sys.path]
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    finally:
        sys.path = path
    if found is None:
        raise ConfigError(f"--sessions {value}: there is no module {module!r}; it {wanted}")


def check_target(url: str, *, authorised: bool) -> None:
    """Raise ConfigError unless load may go to this address."""
    try:
        host = parse_target(url).hostname or ""
    except ValueError as error:
        raise ConfigError(f"--{error}") from None
    if not authorised and not is_loopback(host):
        raise ConfigError(
            f"--target {without_password(url)}: it is not on this machine; load goes there only "
            "with --authorised, by which you say that you may"
        )


def topology(args: argparse.Namespace) -> Topology:
    """The chosen topology of Redis.  Raises ConfigError, or ChaosConfigError."""
    chosen = Topology(args.topology, args.aof, args.rdb, args.min_replicas)
    elsewhere = args.sessions == POSTGRES or getattr(args, "session_service_uri", None)
    if chosen != Topology() and elsewhere:
        raise ConfigError(
            "--topology, --aof, --rdb, --min-replicas: must not be given with --sessions postgres "
            "or --session-service-uri; they are for a Redis that diya starts"
        )
    if chosen != Topology() and ("://" in args.redis or getattr(args, "target", None)):
        raise ConfigError(
            "--topology, --aof, --rdb, --min-replicas: must not be given with a --target or an "
            "address as --redis; they are for a Redis that diya starts"
        )
    return chosen


def check_ttl(ttl: float | None, target: str | None, service_uri: str | None = None) -> None:
    """Raise ConfigError unless `--ttl` can be that of a target or of the user's service."""
    if ttl is None:
        return
    if target is None and service_uri is None:
        raise ConfigError(
            f"--ttl {ttl:g}: must not be given without a --target, a --compose-file or a "
            "--session-service-uri; the profile sets it"
        )
    if not 1 <= ttl <= 604_800:
        raise ConfigError(f"--ttl {ttl:g}: must be from 1 to 604800 seconds")


def check_port(port: int | None) -> None:
    """Raise ConfigError unless the port is one that an ordinary user may listen on."""
    if port is not None and not 1024 <= port <= 65000:
        raise ConfigError(f"--port {port}: must be a port from 1024 to 65000")


def check_seed(seed: int) -> None:
    """Raise ConfigError for a seed outside of 0 to 2^63 - 1."""
    if not 0 <= seed <= _LONGEST_SEED:
        raise ConfigError(f"--seed {seed}: must be a whole number from 0 to {_LONGEST_SEED}")


_LARGEST_SCALE = 10.0


def scale(given: str) -> float | None:
    """The factor of `--scale`; None for `auto`.  Raises ConfigError."""
    if given == "auto":
        return None
    try:
        factor = float(given)
    except ValueError:
        factor = math.nan
    if not 0 < factor <= _LARGEST_SCALE:
        raise ConfigError(
            f"--scale {given}: must be auto, or a factor above 0 and at most {_LARGEST_SCALE:g}"
        )
    return factor


def check_scaled(factor: float, profile: Profile) -> None:
    """Raise ConfigError unless the profile can be played at this factor."""
    rate = profile.base_rate * factor
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise ConfigError(
            f"--scale {factor:g}: profile {profile.name} would have base_rate = {rate:g}; it must "
            f"be from {LOWEST_RATE:g} to {HIGHEST_RATE:g}"
        )


def model_prices(path: str | None) -> ModelPrices | None:
    """The prices of models in the user's file; None: diya's count.  Raises ConfigError."""
    try:
        return None if path is None else prices.read(Path(path))
    except PriceError as error:
        raise ConfigError(f"--model-prices {error}") from None
