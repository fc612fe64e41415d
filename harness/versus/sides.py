"""The options of each side, checked before anything starts."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chaos.errors import ChaosConfigError
from diya_options import flag
from harness import parser
from harness.arguments import readiness
from harness.arguments.base import Parser
from harness.errors import ConfigError
from harness.run import read_plan
from harness.run.options import experiment_choice
from harness.run.plan import Plan
from loadtests.profiles.profile import ProfileError
from reports.basics.addresses import without_password

SideName = Literal["A", "B"]

OF_A_SIDE = frozenset(
    {
        *("replicas", "redis", "topology", "aof", "rdb", "min_replicas", "proxy", "port"),
        *("session_service_uri", "artifact_service_uri", "memory_service_uri"),
        *("sessions", "agent", "checkout", "app", "target", "model_url", "token_env", "authorised"),
        *("break_target", "fleet", "redis_fleet", "kube_context"),
        *("token_command", "header", "client_cert", "client_key"),
        *("replica_header", "target_replicas"),
        *("model", "latency", "tools", "quota", "recorded"),
        *("env", "image", "redis_image", "envoy_image", "health_path", "pass_env"),
    }
)
"""Options that change the service: all others are the load, the limits, or the output."""
_NOT_OF_BOTH = frozenset({"seed", "scale", "out", "quiet", "verbose"})
"""Each run gets them from the plan of the comparison, or needs none."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side, before it is played."""

    name: SideName
    label: str
    """Its options as they are shown: without passwords."""
    words: tuple[str, ...]
    """All options of `diya readiness`, those of both sides first; without seed, scale and out."""
    plan: Plan
    """The plan of these options."""

    @property
    def option(self) -> str:
        """The option that its own options came with."""
        return f"--{self.name.lower()}"


def side(name: SideName, given: str, common: Sequence[str]) -> Side:
    """The side with the options `given`, after those of both sides.

    Raises ConfigError, one sentence that names the side.
    """
    option = f"--{name.lower()}"
    try:
        own = shlex.split(given)
        _check_own(own)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None
    words = ["readiness", *common, *own]
    try:
        plan = read_plan.from_args(parser.build().parse_args(words))
    except (ConfigError, ChaosConfigError, ProfileError) as error:
        raise ConfigError(f"{option}: {error}") from None
    return Side(name, _label(own), tuple(words[1:]), plan)


def common_words(args: argparse.Namespace) -> list[str]:
    """The options of both sides, as words: those of `args` that are no default."""
    words: list[str] = []
    for action in parser.readiness_options():
        if action.dest in _NOT_OF_BOTH or not parser.is_given(args, action):
            continue
        option, value = action.option_strings[-1], getattr(args, action.dest)
        if action.nargs == 0:
            words.append(option)
            continue
        for each in value if isinstance(value, list) else [value]:
            words += [option, f"{each:g}" if isinstance(each, float) else str(each)]
    return words


def check_same_load(a: Side, b: Side) -> None:
    """Raise ConfigError when the options of a side would change the load or the faults."""
    if a.plan.profile != b.plan.profile:
        raise ConfigError(
            "--a and --b: must play one load, but the profile is not the same on both sides"
        )
    if _faults(a.plan) != _faults(b.plan):
        raise ConfigError(
            f"--a and --b: must have the same faults, but A has {_experiment(a.plan)} and B has "
            f"{_experiment(b.plan)}; give --experiment FILE or none beside them"
        )


def _check_own(words: Sequence[str]) -> None:
    """Raise ConfigError unless all options change the service."""
    own = Parser(prog="diya readiness", add_help=False, argument_default=argparse.SUPPRESS)
    readiness.options(own)
    for action in own._actions:
        action.default = argparse.SUPPRESS
    # Without defaults it holds the options that were given, and no other.
    for dest in vars(own.parse_args([*words])):
        if dest not in OF_A_SIDE:
            option = flag(dest)
            raise ConfigError(
                f"{option}: must be the same for A and B, because both sides play and judge one "
                f"load; give it beside --a and --b"
            )


def _faults(plan: Plan) -> str | None:
    return None if plan.experiment is None else plan.experiment.source


def _experiment(plan: Plan) -> str:
    if plan.experiment is None:
        return "none"
    name = experiment_choice.shown(plan.experiment.path)
    return f"{name} ({len(plan.experiment.planned)} faults)"


def _label(words: Sequence[str]) -> str:
    return shlex.join(without_password(word) if "://" in word else word for word in words)
