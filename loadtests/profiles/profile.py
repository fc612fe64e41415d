"""Loads profiles by name, from a file, or from a run's `run.json`.

ProfileError (a ValueError)
    Anything wrong with a profile, one sentence: file, line, key, value, the expected value.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loadtests.profiles import extends as profile_extends
from loadtests.profiles.journeys import Journey
from loadtests.profiles.model import HIGHEST_RATE, LOWEST_RATE, Profile
from loadtests.profiles.rules import build
from loadtests.profiles.slo import SLO_BOUNDS, with_slo
from loadtests.profiles.source import PROFILES as FOLDER
from loadtests.profiles.source import ProfileError, Source
from reports.basics.suggestions import did_you_mean

__all__ = [
    "FOLDER",
    "HIGHEST_RATE",
    "LOWEST_RATE",
    "SLO_BOUNDS",
    "Profile",
    "ProfileError",
    "from_dict",
    "load",
    "names",
    "with_slo",
]


def names() -> list[str]:
    """The project's own profiles."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name_or_path: str, book: Mapping[str, Journey] | None = None) -> Profile:
    """Read a profile by its name or from a `.toml` file.

    `book` holds the journeys that it may name, ShopMax's when None.  Raises ProfileError, one
    sentence: unknown name, unreadable file, or anything wrong inside.
    """
    if name_or_path in names():
        return build(profile_extends.read(FOLDER / f"{name_or_path}.toml", FOLDER), book)
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        return build(profile_extends.read(Path(name_or_path), FOLDER), book)
    raise ProfileError(
        f"unknown profile '{name_or_path}'{did_you_mean(name_or_path, names())}; there are "
        f"{', '.join(names())}; a file's name must end in .toml"
    )


def from_dict(
    values: dict[str, Any], source: str = "run.json", book: Mapping[str, Journey] | None = None
) -> Profile:
    """The inverse of `Profile.to_dict`.  Raises ProfileError.

    `source` names the file in errors; `book` holds the journeys it may name, ShopMax's when None.
    """
    return build(Source(source, "", values), book)
