"""What the load is told about the run: the part of `run.json` that the generator needs."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loadtests import journeys, profile
from loadtests.journeys import Book
from loadtests.profile import Profile


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One run, as the generator sees it."""

    values: dict[str, Any]
    """All of `run.json`, for the workers."""
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
    journeys: Book
    token: str | None = field(default=None, repr=False)
    """The bearer token of a foreign target; never written anywhere."""


def check_app(app: str) -> str:
    """The agent's name, which stands in a path.  Raises ValueError, one sentence."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", app):
        raise ValueError(f"app {app!r}: letters, digits, _ and - were expected")
    return app


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
    return parse(path, run)


def parse(path: Path, run: dict[str, Any]) -> RunSettings:
    """The settings in the values of `path`, a run directory's `run.json`.

    A worker is sent the values, and has no such directory.  Raises ValueError, one sentence.
    """
    book = journeys.shopmax()
    if run.get("journeys") is not None:
        book = journeys.from_dict(_value(path, run, "journeys", dict), f"{path} journeys")
    values = _value(path, run, "profile", dict)
    return RunSettings(
        values=run,
        run_dir=path.parent,
        run_id=_value(path, run, "run_id", str),
        origin=float(_value(path, run, "origin", int, float)),
        seed=_value(path, run, "seed", int),
        app=check_app(_value(path, run, "app", str)),
        target=_value(path, run, "target", str),
        ttl_seconds=float(_value(path, run, "ttl_seconds", int, float)),
        profile=profile.from_dict(values, f"{path} profile", book.journeys),
        journeys=book,
        token=_token(path, run),
    )


def _token(path: Path, run: dict[str, Any]) -> str | None:
    """The token in the environment variable that `run.json` names."""
    name = run.get("token_env")
    if name is None:
        return None
    token = os.environ.get(_value(path, run, "token_env", str))
    if not token:
        raise ValueError(
            f"{path}: 'token_env': the environment has no {name}; a token was expected"
        )
    return token


def _value(path: Path, run: dict[str, Any], key: str, *kinds: type) -> Any:
    value = run.get(key)
    if not isinstance(value, kinds) or isinstance(value, bool):
        expected = " or ".join(kind.__name__ for kind in kinds)
        raise ValueError(f"{path}: '{key}' must be {expected}, not {value!r}")
    return value
