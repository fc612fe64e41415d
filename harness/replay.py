"""`--replay RUN_DIR`: the load, the fleet and the faults of a run that is over, once more."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaos.fleet.topologies import SHAPES
from harness import parser, rundir
from harness.errors import ConfigError
from harness.reproduce import REPLAYED, SETTINGS
from loadtests import journeys, profile
from loadtests.journeys import Book
from loadtests.profile import Profile


def filled_in(args: argparse.Namespace) -> argparse.Namespace:
    """The options with what the run says.  Sets the settings of the service that it had.

    Raises ConfigError for a directory that is not that of such a run, and for options beside it
    that the run answers.
    """
    run_dir = Path(args.replay)
    defaults = vars(parser.build().parse_args(["readiness"]))
    for name in REPLAYED:
        if getattr(args, name) != defaults[name]:
            option = "--" + name.replace("_", "-")
            raise ConfigError(f"{option}: with --replay the run itself says it; none was expected")
    run = _run_json(run_dir)
    topology = _of(run, "topology", run_dir)
    if topology.get("redis") not in SHAPES or not isinstance(topology.get("replicas"), int):
        raise ConfigError(
            f"--replay {run_dir}: its Redis was {topology.get('redis')!r}: expected a run with a "
            "fleet of its own"
        )
    for name, kind in (("seed", int), ("sessions", str)):
        if not isinstance(run.get(name), kind):
            raise ConfigError(f"--replay {run_dir}: run.json: {name}: {run.get(name)!r} is none")
    os.environ.update({n: str(v) for n, v in _of(run, "service", run_dir).items() if n in SETTINGS})
    experiment = run_dir / rundir.EXPERIMENT_FILE
    taken = {
        "seed": run["seed"],
        "replicas": topology["replicas"],
        "sessions": run["sessions"],
        "topology": topology["redis"],
        "aof": topology.get("aof"),
        "rdb": bool(topology.get("rdb")),
        "scale": _scale(run, run_dir),
        "min_replicas": topology.get("min_replicas"),
        "proxy": bool(topology.get("proxy")),
        "agent": args.agent or run.get("agent"),
        "experiment": args.experiment or (str(experiment) if experiment.is_file() else "none"),
    }
    return argparse.Namespace(**{**vars(args), **taken})


def _scale(run: Mapping[str, Any], run_dir: Path) -> str:
    """The factor that the profile of the run has in it: 1 where it was not sized."""
    factor = _of(run, "sizing", run_dir).get("factor", 1.0)
    if isinstance(factor, bool) or not isinstance(factor, int | float):
        raise ConfigError(
            f"--replay {run_dir}: run.json: sizing.factor: {factor!r}, expected a number"
        )
    return f"{factor:.17g}"


def load(run_dir: Path) -> tuple[Profile, Book | None]:
    """The load of the run, journeys of its own included.  Raises ConfigError or ProfileError."""
    run, where = _run_json(run_dir), run_dir / "run.json"
    book = None
    if run.get("journeys") is not None:
        book = journeys.from_dict(_of(run, "journeys", run_dir), f"{where} journeys")
    known = None if book is None else book.journeys
    return profile.from_dict(_of(run, "profile", run_dir), f"{where} profile", known), book


def slo_overrides(run_dir: Path) -> dict[str, float]:
    """The limits that `--slo` set for the run, each with the profile's own value.

    Raises ConfigError.
    """
    found = _of(_run_json(run_dir), "slo_overrides", run_dir)
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(
                f"--replay {run_dir}: run.json: slo_overrides.{name}: must be a number, "
                f"got {value!r}"
            )
    return found


def _run_json(run_dir: Path) -> dict[str, Any]:
    path = run_dir / "run.json"
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"--replay {run_dir}: {path}: {error.strerror}: a run directory was expected"
        ) from None
    except ValueError as error:
        raise ConfigError(f"--replay {run_dir}: {path}: not JSON: {error}") from None
    if not isinstance(run, dict):
        raise ConfigError(f"--replay {run_dir}: {path}: expected an object")
    return run


def _of(run: Mapping[str, Any], key: str, run_dir: Path) -> dict[str, Any]:
    value = run.get(key) or {}
    if not isinstance(value, dict):
        raise ConfigError(f"--replay {run_dir}: run.json: {key}: {value!r}, expected an object")
    return value
