"""`--checkout DIR`: the replicas run the service of another release of diya, or on another ADK.

Load, faults, sampling and verdict stay those of this release: two runs that differ in nothing but
the checkout are measured by the same code.
"""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import distributions
from pathlib import Path

from msgspec import structs

import diya_start
from harness.errors import ConfigError
from harness.fleet_kinds import FLEETS
from reports.records.run_description import EnvironmentDescription

_START = Path(diya_start.__file__).name
_OF_THE_SERVICE = ("google-adk", "redis", "uvicorn")
"""The packages that a replica imports; the others are the harness's."""


def checkout(args: argparse.Namespace) -> Path | None:
    """The folder of the release; None: this one.  Raises ConfigError."""
    if args.checkout is None:
        return None
    folder = Path(args.checkout).absolute()
    if args.target is not None or FLEETS[args.env].in_containers:
        raise ConfigError(
            f"--checkout {args.checkout}: must not be given with --target or --env; a target or an "
            "image contains its service"
        )
    for name in (_START, "target_service/__main__.py"):
        if not (folder / name).is_file():
            raise ConfigError(
                f"--checkout {args.checkout}: must be a checkout of diya, but it has no {name}"
            )
    return folder


def command(folder: Path | None) -> tuple[str, ...]:
    """The command line of a replica; empty for the service of this release."""
    if folder is None:
        return ()
    python = _python(folder)
    ours = diya_start.command("target_service", users=True)
    return tuple(
        {sys.executable: str(python), diya_start.__file__: str(folder / _START)}.get(word, word)
        for word in ours
    )


def with_versions(found: EnvironmentDescription, folder: Path | None) -> EnvironmentDescription:
    """The environment with the versions of the packages that the replicas import."""
    if folder is None or str(_python(folder)) == sys.executable:
        return found
    places = [str(each) for each in folder.glob(".venv/lib/python*/site-packages")]
    theirs = {each.metadata["Name"]: each.version for each in distributions(path=places)}
    versions = {
        name: theirs.get(name, version) if name in _OF_THE_SERVICE else version
        for name, version in dict(found.versions or {}).items()
    }
    return structs.replace(found, versions=versions)


def _python(folder: Path) -> Path:
    """The interpreter of the checkout's own environment; ours where it has none."""
    own = folder / ".venv" / "bin" / "python"
    return own if own.is_file() else Path(sys.executable)
