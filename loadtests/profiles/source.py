"""The values of a profile with their places in the files, and the errors about them.

ProfileError (a ValueError)
    Anything wrong with a profile: file, line if there is one, key, value, the expected value.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.basics.texts import read_text


class ProfileError(ValueError):
    """An invalid profile; the text is one sentence for its author."""


Place = tuple[str, int, str | None]
"""A section, its index among those of its name, and a key in it or None for its header."""


PROFILES = Path(__file__).parent
"""The folder of the project's own profiles."""


@dataclass(frozen=True, slots=True)
class Told:
    """The text of the reference page about a key."""

    meaning: str = ""
    """The meaning, with its unit; empty: the docstring of the key's field."""
    without: str = ""
    """The default in words, where it follows from other values."""
    field: tuple[type, str] | None = None
    """The class and the name of its field."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key requested by the reader of a profile."""

    section: str
    """Empty at the top level."""
    name: str
    expected: str
    """For example `a number from 0 to 1`."""
    default: object
    """The default value; None: the key is required."""
    told: Told


class Source:
    """The values of one profile, each with its file and line."""

    def __init__(self, name: str, text: str, values: dict[str, Any]) -> None:
        self.name = name
        self.values = values
        self.asked: dict[tuple[str, str], Key] = {}
        """(section, key) -> each requested key, in order."""
        self.told: dict[tuple[str, str], Told] = {}
        """(section, key) -> the reference text that its reader gave."""
        self._written: dict[Place, tuple[str, int]] = {
            place: (name, line) for place, line in _lines_of_keys(text).items()
        }

    @classmethod
    def over(
        cls, own: Source, base: Source, values: dict[str, Any], hidden: Iterable[str]
    ) -> Source:
        """`values`, whose places are in `own` or else in `base`.

        Places of `base` at or below the paths `hidden` (`load`, `conversation.languages`) are
        ignored.
        """
        source = cls(own.name, "", values)
        gone = set(hidden)
        kept = {place: at for place, at in base._written.items() if not _above(place) & gone}
        source._written = {**kept, **own._written}
        return source

    def comes_with_us(self, section: str) -> bool:
        """Whether `[section]` is in a profile of the project."""
        at = self._written.get((section, 0, None))
        return at is not None and Path(at[0]).resolve().parent == PROFILES.resolve()

    def lead(self, to: tuple[str, int], section: tuple[str, int], keys: Iterable[str]) -> None:
        """Make errors about `keys` of the section `to` point at the same keys of `section`."""
        for key in keys:
            if (*section, key) in self._written:
                self._written[*to, key] = self._written[*section, key]

    def error(self, section: str, index: int, key: str | None, sentence: str) -> ProfileError:
        """A ProfileError that points at `key` of the `index`-th `[section]`."""
        at = self._written.get((section, index, key)) or self._written.get((section, index, None))
        place = f"{at[0]} line {at[1]}" if at else self.name
        return ProfileError(f"{place}: {sentence}")


def _above(place: Place) -> set[str]:
    """The path of a place and of everything that contains it."""
    section, _, key = place
    words = [word for word in (*section.split("."), key) if word]
    return {".".join(words[:count]) for count in range(1, len(words) + 1)}


def read_toml(path: Path, what: str = "profile") -> Source:
    """Read a TOML file.  Raises ProfileError when it cannot be read or is not TOML."""
    try:
        text = read_text(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ProfileError(f"cannot read the {what} {path}: {reason}") from None
    try:
        return Source(str(path), text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = re.search(r"\(at line (\d+), column \d+\)", message)
        line = int(found[1]) if found else max(1, text.count("\n"))
        reason = re.sub(r" \(at .*\)$", "", message)
        raise ProfileError(f"{path} line {line}: not valid TOML: {reason}") from None


_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.-]+)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*[\"']?([\w-]+)[\"']?\s*=")


def _lines_of_keys(text: str) -> dict[Place, int]:
    """(section, how many-th of its name, key) -> line; tomllib keeps no positions."""
    lines: dict[Place, int] = {}
    section, index = "", 0
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            section = header[2]
            index = seen.get(section, 0)
            seen[section] = index + 1
            lines[section, index, None] = number
        elif key := _KEY.match(line):
            lines.setdefault((section, index, key[1]), number)
            # An inline table has no header, and neither has a value that should be a table.
            name = f"{section}.{key[1]}" if section else key[1]
            lines.setdefault((name, 0, None), number)
    return lines
