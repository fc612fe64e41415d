"""What the load is told about the run: the part of `run.json` that the generator needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests import profile
from loadtests.profile import Profile


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One run, as the generator sees it."""

    run_dir: Path
    run_id: str
    origin: float
    """Unix epoch seconds of run time zero."""
    seed: int
    app: str
    target: str
    ttl_seconds: float
    """Real seconds a session lives after its last use."""
    profile: Profile


def read(run_dir: Path) -> RunSettings:
    """Read `run.json`.  Raises ValueError (ProfileError for the profile), one sentence."""
    path = run_dir / "run.json"
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path}: not JSON: {error}") from None
    if not isinstance(run, dict):
        raise ValueError(f"{path}: expected an object, not {type(run).__name__}")
    return RunSettings(
        run_dir=run_dir,
        run_id=_value(path, run, "run_id", str),
        origin=float(_value(path, run, "origin", int, float)),
        seed=_value(path, run, "seed", int),
        app=_value(path, run, "app", str),
        target=_value(path, run, "target", str),
        ttl_seconds=float(_value(path, run, "ttl_seconds", int, float)),
        profile=profile.from_dict(_value(path, run, "profile", dict), f"{path} profile"),
    )


def _value(path: Path, run: dict[str, Any], key: str, *kinds: type) -> Any:
    value = run.get(key)
    if not isinstance(value, kinds) or isinstance(value, bool):
        expected = " or ".join(kind.__name__ for kind in kinds)
        raise ValueError(f"{path}: '{key}' must be {expected}, not {value!r}")
    return value
