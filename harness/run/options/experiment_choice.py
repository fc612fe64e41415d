"""The experiment of a run: named, drawn by a seed, the profile's own, or none."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from chaos.experiment import model, random_experiment, reader
from chaos.experiment.model import Experiment
from chaos.faults.drawing import FleetCapabilities
from chaos.fleet.environment import MODEL_OVER_HTTP, needs_proxies
from chaos.fleet.plan import POSTGRES
from harness.errors import ConfigError
from harness.fleet_kinds import FLEETS
from harness.run.model import model_options, shopmax_model
from harness.run.model.model_options import ModelChoice
from harness.run.options import break_options, compose_options, option_values
from loadtests.profiles.profile import Profile

_DEFAULT_EXPERIMENT = "diwali-default"
_WITH_DATABASE = "database-loss"
_REPLICAS_ONLY = "replica-loss"
_RANDOM = re.compile(r"random(?::(.*))?")
_LONGEST_OF_TTL = 0.2
"""The longest duration of a drawn fault, as a share of the TTL: delayed turns follow the fault."""


def is_drawn(experiment: Experiment) -> bool:
    """Whether its faults were drawn by a seed."""
    return bool(_RANDOM.fullmatch(str(experiment.path)))


def shown(path: Path) -> str:
    """The experiment's name on the command line."""
    return path.stem if path.parent == model.DIRECTORY else str(path)


def disturbs_network(experiment: Experiment | None) -> bool:
    """Whether a fault of it needs proxies on the way."""
    steps = () if experiment is None else experiment.faults
    return any(needs_proxies(step.make().needs) for step in steps)


def chosen(
    args: argparse.Namespace, profile: Profile, chosen_model: ModelChoice, *, ask: bool = False
) -> Experiment | None:
    """The experiment, None without one; `chosen_model` is that of the run.

    `ask` as in `chaos.experiment.reader.parse`.  Raises ConfigError, or ChaosConfigError for the
    file of the experiment.
    """
    wanted = args.experiment
    if wanted == "none" or (wanted is None and args.target is not None):
        return None
    if args.target is not None and chosen_model.url is None and not args.break_target:
        raise ConfigError(
            f"--experiment {wanted}: must be none with --target; faults of your own need "
            "--break-target, by which you say that you may break it, and those of the model need "
            "--model-url"
        )
    if wanted is None:
        wanted = _default(args, profile)
    drawn = _RANDOM.fullmatch(wanted)
    if drawn is not None and args.target is not None and chosen_model.url is None:
        raise ConfigError(
            f"--experiment {wanted}: must be a file with --target; faults can be drawn only of the "
            "model that --model-url names"
        )
    if drawn is not None:
        seed = _random_seed(wanted, drawn[1])
        text = random_experiment.draw(
            seed, profile.load_seconds, _fleet_capabilities(args, profile, chosen_model)
        )
        experiment = reader.parse(text, Path(wanted))
    else:
        elsewhere = break_options.may_call_elsewhere(args)
        experiment = reader.load(wanted, ask=ask, elsewhere=elsewhere)
        break_options.check_allowed(args, experiment)
    if experiment.topology not in (None, args.topology):
        raise ConfigError(
            f"{shown(experiment.path)}: topology = {experiment.topology!r}, and the run has "
            f"{args.topology!r}: it must be run with --topology {experiment.topology}"
        )
    return experiment


def _default(args: argparse.Namespace, profile: Profile) -> str:
    """The profile's own experiment, or one for a fleet without a Redis."""
    if "://" not in args.redis and args.sessions == POSTGRES:
        return _WITH_DATABASE
    if "://" not in args.redis and getattr(args, "session_service_uri", None) is not None:
        return _REPLICAS_ONLY
    return profile.name if profile.name in model.names() else _DEFAULT_EXPERIMENT


def _fleet_capabilities(
    args: argparse.Namespace, profile: Profile, chosen_model: ModelChoice
) -> FleetCapabilities:
    """The capabilities of the planned fleet, for drawing a random experiment."""
    longest = max(0.5, min(3.0, _LONGEST_OF_TTL * profile.real_ttl_seconds))
    if args.target is not None:
        return FleetCapabilities(MODEL_OVER_HTTP, 0, own_redis=False, longest_s=longest)
    if args.compose_file is not None:
        return compose_options.capabilities(args, longest)
    can = FLEETS[args.env].capabilities
    if can is not None:
        can |= MODEL_OVER_HTTP if chosen_model.started_here else frozenset()
        return FleetCapabilities(can, args.replicas, longest_s=longest)
    return random_experiment.local_fleet(
        option_values.topology(args),
        args.replicas,
        own_redis="://" not in args.redis
        and args.sessions != POSTGRES
        and getattr(args, "session_service_uri", None) is None,
        own_database=args.sessions == POSTGRES,
        scripted_model=chosen_model.kind == model_options.OWN
        and args.agent is None
        and shopmax_model.name().startswith("scripted"),
        stand_in=chosen_model.started_here,
        longest_s=longest,
    )


def _random_seed(experiment: str, seed: str | None) -> int:
    """The SEED of `--experiment random:SEED`.  Raises ConfigError."""
    if seed is None or not seed.isdecimal():
        raise ConfigError(
            f"--experiment {experiment}: must be random:SEED, SEED a whole number from 0"
        )
    return int(seed)
