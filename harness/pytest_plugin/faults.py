"""From a verb in a test to a planned fault, and from those to an experiment file."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.experiment.model import START
from chaos.experiment.reader import EXTENSION
from chaos.faults import base
from chaos.faults.catalogue import ACTIONS_MODULE, FAULTS
from harness.pytest_plugin.errors import PlanError
from harness.pytest_plugin.settings import not_known

_REPLICA = re.compile(r"r\d\d")


@dataclass(frozen=True)
class PlannedFault:
    """One fault, `at` seconds after the start of the load."""

    func: str
    at: float
    arguments: dict[str, Any]


def plan(verb: str, target: str | None, at: float, parameters: dict[str, Any]) -> PlannedFault:
    """The fault that `run.VERB(TARGET, at=…, …)` means.  Raises PlanError."""
    written = f"run.{verb}({target!r})" if target is not None else f"run.{verb}()"
    arguments = dict(parameters)
    if target is not None and _REPLICA.fullmatch(target):
        arguments["replica"], target = target, "replica"
    func = verb if target is None else f"{verb}_{target}"
    if target == "replica" and func not in FAULTS and verb in FAULTS:
        func = verb  # its name does not contain its target: `slow_start`, `limit_memory`
    if func not in FAULTS:
        raise PlanError(f"{written}: fault {func!r}{not_known(func, FAULTS)}")
    known = base.parameters(FAULTS[func])
    for name in arguments:
        if name not in known:
            raise PlanError(f"{written}: parameter {name!r}{not_known(name, known)}")
    try:
        FAULTS[func](**arguments)
    except ValueError as error:
        raise PlanError(f"{written}: {error}") from None
    return PlannedFault(func, at, arguments)


def write_experiment(path: Path, title: str, faults: Sequence[PlannedFault]) -> None:
    """Write the faults, in order of time, as an experiment in Chaos Toolkit's format (JSON).

    Each begins at its own moment of the load, but not before the previous one has ended.
    """
    method = []
    moments = {}
    for fault in faults:
        name = f"{fault.func.replace('_', ' ')}, at {fault.at:g} s"
        moments[name] = f"{START}+{fault.at:.3f}s"
        method.append(
            {
                "type": "action",
                "name": name,
                "provider": {
                    "type": "python",
                    "module": ACTIONS_MODULE,
                    "func": fault.func,
                    "arguments": fault.arguments,
                },
            }
        )
    document = {
        "version": "1.0.0",
        "title": title,
        "description": title,
        "method": method,
        "extensions": [{"name": EXTENSION, "at": moments}],
    }
    path.write_text(json.dumps(document, indent=1) + "\n")
