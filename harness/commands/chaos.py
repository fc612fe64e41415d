"""`diya chaos`: injects one fault into the fleet that `diya up` keeps."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import yaml

from chaos import actions
from chaos.faults.base import parameters
from chaos.faults.catalogue import FAULTS
from harness.errors import ConfigError
from reports.basics.exit_codes import ExitCode
from reports.basics.suggestions import did_you_mean


def main(args: argparse.Namespace) -> int:
    """Inject the fault, wait until it is healed, and print a line about it.

    Raises ConfigError for an unknown fault or parameter, ChaosError when the fault failed.
    """
    func = args.fault.replace("-", "_")
    if func not in FAULTS:
        kinds = [kind.kind for kind in FAULTS.values()]
        raise ConfigError(
            f"FAULT {args.fault}: must be one of {', '.join(kinds)}"
            f"{did_you_mean(args.fault, kinds)}; `diya faults NAME` describes one"
        )
    known = parameters(FAULTS[func])
    arguments: dict[str, Any] = {}
    if args.hit is not None:
        arguments[_field(args.fault, args.hit, known)] = args.hit
    for pair in args.param:
        name, equals, value = pair.partition("=")
        if not equals or name not in known:
            raise ConfigError(f"--param {pair}: must be NAME=VALUE, NAME one of {', '.join(known)}")
        try:
            arguments[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            arguments[name] = value
    try:
        window = getattr(actions, func)(**arguments)
    except ValueError as error:
        raise ConfigError(f"{args.fault}: {error}") from error
    seconds = window["end"] - window["start"]
    print(f"{window['fault']}  {window['target']}  took hold and was healed in {seconds:.2f} s")
    return ExitCode.GO


def _field(fault: str, target: str, known: Sequence[str]) -> str:
    """The fault's parameter that takes the target.

    The fleet refuses an unknown target later and lists the known ones.
    """
    fields = [name for name in ("replica", "server") if name in known]
    if not fields:
        raise ConfigError(f"TARGET {target}: must not be given, {fault} chooses its own")
    # A link belongs to a replica or, in a set of servers, to a server.
    named_as_server = target in {"primary", "replica"} or target.startswith("redis")
    return fields[-1] if named_as_server else fields[0]
