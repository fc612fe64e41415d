"""The generator's settings: its part of `run.json`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import UNSET, UnsetType

from loadtests.adk.access import NONE, REPLICA_HEADER, Access, FixedToken, Token
from loadtests.adk.kept_token import SOCKET_VARIABLE, KeptToken
from loadtests.doors import names
from loadtests.profiles import journeys, profile
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.records import run_file
from reports.records.run_description import (
    AccessDescription,
    Object,
    RunDescription,
    Whole,
    Word,
)


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One run, as the generator sees it."""

    description: RunDescription
    """All of `run.json`, for the workers."""
    run_dir: Path
    run_id: str
    origin: float
    """Unix epoch seconds of run time zero."""
    seed: int
    app: str
    target: str
    ttl_seconds: float
    """The TTL of a session after its last use, real seconds."""
    profile: Profile
    journeys: Book
    door: str = names.ADK
    """One of `names.DOORS`."""
    access: Access = field(default=NONE, repr=False)
    """How requests get in at a foreign target."""


def check_app(app: str) -> str:
    """The agent's name, checked, since it is part of a path.  Raises ValueError, one sentence."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", app):
        raise ValueError(f"app must be of letters, digits, _ and -, got {app!r}")
    return app


class _Playable(RunDescription, frozen=True, kw_only=True):
    """A run description with the fields that the generator requires."""

    run_id: Word
    seed: Whole
    app: Word
    target: Word
    profile: Object


def read(run_dir: Path) -> RunSettings:
    """Read `run.json`.  Raises ValueError (ProfileError for the profile), one sentence."""
    return _settings(run_dir / run_file.FILE, run_file.read(run_dir, _Playable))


def parse(path: Path, values: Any) -> RunSettings:
    """The settings in the values of `path`, a run directory's `run.json`.

    A worker receives the values, and has no such directory.  Raises ValueError, one sentence.
    """
    return _settings(path, run_file.parse(path, values, _Playable))


def _settings(path: Path, run: _Playable) -> RunSettings:
    book = journeys.shopmax()
    if run.journeys is not None:
        book = journeys.from_dict(run.journeys, f"{path} journeys")
    return RunSettings(
        description=run,
        run_dir=path.parent,
        run_id=run.run_id,
        origin=run.origin,
        seed=run.seed,
        app=check_app(run.app),
        target=run.target,
        ttl_seconds=run.ttl_seconds,
        profile=profile.from_dict(run.profile, f"{path} profile", book.journeys),
        journeys=book,
        door=_door(path, run.door),
        access=_access(path, run),
    )


def _door(path: Path, door: str | UnsetType) -> str:
    if door is UNSET:
        return names.ADK
    if door not in names.DOORS:
        raise ValueError(f"{path}: door must be one of {', '.join(names.DOORS)}, got {door}")
    return door


def _access(path: Path, run: RunDescription) -> Access:
    """How requests get in; header values and tokens come from the environment."""
    given = AccessDescription() if run.access is UNSET else run.access
    return Access(
        headers={
            header: _variable(path, f"access.headers {header}", name)
            for header, name in given.headers.items()
        },
        token=_token(path, run.token_env, given),
        certificate=None if given.client_cert is None else Path(given.client_cert),
        key=None if given.client_key is None else Path(given.client_key),
        replica_header=(given.replica_header or REPLICA_HEADER).lower(),
    )


def _token(path: Path, name: str | None, given: AccessDescription) -> Token | None:
    if given.token_command:
        keeper = os.environ.get(SOCKET_VARIABLE)
        if not keeper:
            raise ValueError(
                f"{path}: access.token_command is true, but no keeper of tokens runs here; give "
                "--token-command beside --join too"
            )
        return KeptToken(keeper)
    return None if name is None else FixedToken(_variable(path, "token_env", name))


def _variable(path: Path, key: str, name: str) -> str:
    """The value of the environment variable that `run.json` names."""
    value = os.environ.get(name)
    if not value:
        raise ValueError(f"{path}: {key} must name a variable with a value, got {name}")
    return value
