"""`diya experiments`: the experiments that come with diya."""

from __future__ import annotations

import argparse
import json
from typing import Any

from chaos.experiment import reader
from chaos.experiment.model import Experiment, names
from reports.basics.exit_codes import ExitCode


def main(args: argparse.Namespace) -> int:
    """Print one line for each, or a JSON list."""
    found = {name: reader.load(name) for name in names()}
    if args.json:
        described = [_as_json(name, each) for name, each in found.items()]
        print(json.dumps(described, indent=1, ensure_ascii=False))
        return ExitCode.GO
    width = max(len(name) for name in found) + 2
    for name, each in found.items():
        needs = f" [--topology {each.topology}]" if each.topology else ""
        kinds = ", ".join(step.make().kind for step in each.faults)
        print(f"{name.ljust(width)}{each.title}: {kinds}{needs}")
    print("\n`diya readiness --experiment NAME` plays one; random:SEED draws one.")
    return ExitCode.GO


def _as_json(name: str, experiment: Experiment) -> dict[str, Any]:
    return {
        "name": name,
        "title": experiment.title,
        "description": experiment.description,
        "topology": experiment.topology,
        "faults": experiment.planned,
        "file": str(experiment.path),
    }
