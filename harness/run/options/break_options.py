"""The options that allow faults at a target, checked before anything is started."""

from __future__ import annotations

import argparse

from chaos.experiment.model import Experiment
from chaos.experiment.outside_action import OutsideAction
from harness.errors import ConfigError


def check(args: argparse.Namespace) -> None:
    """Raise ConfigError unless the options go together."""
    if args.break_target and args.target is None:
        raise ConfigError("--break-target: must not be given without a --target")
    if getattr(args, "dry", False) and (args.target is None or args.experiment in (None, "none")):
        raise ConfigError("--dry: must be given with a --target and an --experiment")


def check_allowed(args: argparse.Namespace, experiment: Experiment) -> None:
    """Raise ConfigError when the experiment breaks the target without the user's word."""
    if args.target is None or args.break_target:
        return
    for step in (*experiment.faults, *experiment.rollbacks):
        if isinstance(step.make(), OutsideAction):
            raise ConfigError(
                f"--experiment {args.experiment}: {step.id} must not be done to a --target without "
                "--break-target, by which you say that you may break it"
            )


def may_call_elsewhere(args: argparse.Namespace) -> bool:
    """Whether the HTTP calls of an experiment may go to other machines."""
    return bool(args.target is not None and args.break_target and args.authorised)
