"""The command that plays a run again: the options that were given, without anything secret."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import Any

from harness import parser
from reports.basics.addresses import without_password

_ALWAYS = ("profile", "experiment", "seed")
"""Options that are always written, because another version may have other defaults."""
_FLEETS = ("replicas", "sessions")
"""Options that are always written for a fleet that diya starts."""
_NEVER = ("help", "join", "out", "quiet", "verbose")
_ADDRESSES = (
    *("redis", "target"),
    *("session_service_uri", "artifact_service_uri", "memory_service_uri"),
)
SETTINGS = (
    "DIYA_BUSY_WAIT_S",
    "DIYA_DRAIN_S",
    "DIYA_DURABILITY",
    "DIYA_LEASE_MS",
    "DIYA_MAX_BODY_BYTES",
    "DIYA_MAX_TURNS_IN_FLIGHT",
    "DIYA_MODEL",
    "DIYA_MODEL_TOKENS_PER_S",
    "DIYA_MODEL_TTFT_MS",
)
"""The environment variables that set up replicas, without secrets."""
REPLAYED = (
    "profile",
    "seed",
    "replicas",
    "sessions",
    "topology",
    "aof",
    "rdb",
    "min_replicas",
    "proxy",
    "journeys",
    "target",
    "scale",
)
"""Options that a `--replay` takes from the stored run."""


def settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The settings that replicas will take from the environment."""
    return {name: environment[name] for name in SETTINGS if environment.get(name)}


def command(
    args: argparse.Namespace,
    *,
    seed: int,
    experiment: str,
    environment: Mapping[str, str] = os.environ,
) -> list[str]:
    """The words of the command line, settings of the environment first.

    `seed` and `experiment` are the drawn and chosen values where the options set none.
    """
    chosen: dict[str, Any] = {"seed": seed, "experiment": experiment}
    theirs = args.target is not None or args.compose_file is not None
    told: tuple[str, ...] = _ALWAYS if theirs else _ALWAYS + _FLEETS
    if getattr(args, "session_service_uri", None) is not None:
        told = tuple(option for option in told if option != "sessions")
    words = ["diya", "readiness"]
    for action in parser.readiness_options():
        value = chosen.get(action.dest, getattr(args, action.dest, action.default))
        if action.dest in _NEVER or value is None or (args.replay and action.dest in REPLAYED):
            continue
        if value == action.default and action.dest not in told:
            continue
        option = action.option_strings[-1]
        if isinstance(value, list):  # an option that may be repeated
            words += [word for each in value for word in (option, str(each))]
            continue
        words.append(option)
        if action.nargs != 0:
            shown = without_password(value) if action.dest in _ADDRESSES else value
            words.append(f"{shown:g}" if isinstance(shown, float) else str(shown))
    if theirs:
        return words
    return [f"{name}={value}" for name, value in settings(environment).items()] + words
