"""The options of a fleet of pods, checked before a cluster is asked."""

from __future__ import annotations

import argparse
import importlib.util
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET, UnsetType

from chaos.errors import ChaosConfigError
from chaos.kubernetes import selection
from chaos.kubernetes.selection import Selection
from diya_options import flag
from harness.errors import ConfigError
from reports.records.run_description import PodsDescription


@dataclass(frozen=True)
class PodOptions:
    """Which pods may have faults."""

    replicas: Selection
    redis: Selection | None = None
    context: str | None = None
    """The context of the kubeconfig; None: the current one."""
    found: PodsDescription | None = None
    """The cluster's description of the pods; None: it was not asked yet."""


def described(options: PodOptions | None) -> PodsDescription | UnsetType:
    """The pods for `run.json`; unset where there are none, and before they are known."""
    return UNSET if options is None or options.found is None else options.found


def redis(options: PodOptions | None) -> dict[str, Any]:
    """The known facts about the Redis of a target, for its topology in `run.json`."""
    found = None if options is None else options.found
    return {} if found is None else {"aof": found.aof, "durability": found.durability}


def pods(args: argparse.Namespace) -> PodOptions | None:
    """The pods of the options; None without any.  Raises ConfigError."""
    if args.fleet is None:
        for option in ("redis_fleet", "kube_context"):
            if getattr(args, option) is not None:
                raise ConfigError(f"{flag(option)}: must be given with --fleet")
        return None
    if args.target is None or not args.break_target:
        raise ConfigError(
            "--fleet: must be given with a --target, and with --break-target, by which you say "
            "that you may break it"
        )
    if args.redis_fleet is not None and "://" not in args.redis:
        raise ConfigError(
            "--redis-fleet: must be given with --redis redis://…, the address at which its server "
            "says which writes it has kept"
        )
    try:
        found = PodOptions(
            selection.parse("--fleet", args.fleet),
            None
            if args.redis_fleet is None
            else selection.parse("--redis-fleet", args.redis_fleet),
            args.kube_context,
        )
    except ChaosConfigError as error:
        raise ConfigError(str(error)) from None
    if importlib.util.find_spec("kr8s") is None:
        raise ConfigError("--fleet: needs a package: pip install 'diya[kubernetes]'")
    return found
