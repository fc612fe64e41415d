"""Where a profile's values come from, and the sentences that say what is wrong with one.

ProfileError (a ValueError)
    Anything wrong with a profile: file, line where there is one, key, value, what was expected.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.profiles.texts import read_text
from reports.basics.suggestions import closest


class ProfileError(ValueError):
    """A profile that cannot be used; the text is one sentence for the person who wrote it."""


Place = tuple[str, int, str | None]
"""A section, how many-th of its name, and a key in it or None for its header."""


PROFILES = Path(__file__).parent
"""The profiles that come with the project."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key that the reader of a profile asked for."""

    section: str
    """Empty at the top level."""
    name: str
    expected: str
    """For example `a number from 0 to 1`."""
    default: object
    """The value of a key that is missing; None: the key is required."""


class Source:
    """The values of one profile and where in which file each was written."""

    def __init__(self, name: str, text: str, values: dict[str, Any]) -> None:
        self.name = name
        self.values = values
        self.asked: dict[tuple[str, str], Key] = {}
        """(section, key) -> each key that a reader asked for, in order."""
        self._written: dict[Place, tuple[str, int]] = {
            place: (name, line) for place, line in _lines_of_keys(text).items()
        }

    @classmethod
    def over(
        cls, own: Source, base: Source, values: dict[str, Any], hidden: Iterable[str]
    ) -> Source:
        """`values`, written in `own` or else in `base`.

        What stands at or below the paths `hidden` (`load`, `conversation.languages`) of `base`
        counts no more.
        """
        source = cls(own.name, "", values)
        gone = set(hidden)
        kept = {place: at for place, at in base._written.items() if not _above(place) & gone}
        source._written = {**kept, **own._written}
        return source

    def comes_with_us(self, section: str) -> bool:
        """Whether `[section]` was written in a profile that comes with the project."""
        at = self._written.get((section, 0, None))
        return at is not None and Path(at[0]).resolve().parent == PROFILES.resolve()

    def lead(self, to: tuple[str, int], section: tuple[str, int], keys: Iterable[str]) -> None:
        """Let errors about `keys` of the section `to` point at the same keys of `section`."""
        for key in keys:
            if (*section, key) in self._written:
                self._written[*to, key] = self._written[*section, key]

    def error(self, section: str, index: int, key: str | None, sentence: str) -> ProfileError:
        """A ProfileError that points at `key` of the `index`-th `[section]`."""
        at = self._written.get((section, index, key)) or self._written.get((section, index, None))
        place = f"{at[0]} line {at[1]}" if at else self.name
        return ProfileError(f"{place}: {sentence}")


def _above(place: Place) -> set[str]:
    """The path of a place and of everything that it is in."""
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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` when something known is close, else the list of what is known."""
    names = sorted(known)
    close = closest(word, names)
    return f"; did you mean '{close[0]}'?" if close else f"; known are {', '.join(names)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
            # A table on one line has no header of its own, nor has what should have been a table.
            name = f"{section}.{key[1]}" if section else key[1]
            lines.setdefault((name, 0, None), number)
    return lines


class Table:
    """One section of a profile, read key by key; `close` complains about keys nobody asked for."""

    def __init__(self, source: Source, section: str, index: int, values: Any) -> None:
        self._source, self._section, self._index = source, section, index
        if not isinstance(values, dict):
            raise self.error(None, f"[{section}] must be a table, not {values!r}")
        self._values: dict[str, Any] = values
        self._asked: list[str] = []

    @property
    def title(self) -> str:
        """The section as one would call it in a sentence."""
        return f"[{self._section}]" if self._section else "the top level"

    def error(self, key: str | None, sentence: str) -> ProfileError:
        """A ProfileError at `key` of this section."""
        return self._source.error(self._section, self._index, key, sentence)

    def elsewhere(self, section: str, index: int, sentence: str) -> ProfileError:
        """A ProfileError at the `index`-th `[[section]]`."""
        return self._source.error(section, index, None, sentence)

    def comes_with_us(self, key: str) -> bool:
        """Whether the section `[key]` of this one is that of a profile of the project's own."""
        return self._source.comes_with_us(self._path(key))

    def _path(self, key: str) -> str:
        return f"{self._section}.{key}" if self._section else key

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def _ask(self, key: str, expected: str, default: object = None) -> None:
        if key not in self._asked:
            self._asked.append(key)
        asked = Key(self._section, key, expected, default)
        self._source.asked.setdefault((self._section, key), asked)

    def _value(self, key: str, expected: str) -> Any:
        self._ask(key, expected)
        if key not in self._values:
            close = closest(key, (k for k in self._values if k != key), likeness=0.75)
            if close:
                raise self._unknown(close[0], [key])
            raise self.error(None, f"missing key '{key}' in {self.title}: expected {expected}")
        return self._values[key]

    def _wrong(self, key: str, value: Any, expected: str) -> ProfileError:
        return self.error(key, f"'{key}' in {self.title} must be {expected}, not {value!r}")

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number from `low` to `high`.  Raises ProfileError for anything else."""
        expected = f"a number from {low:g} to {high:g}"
        if default is not None:
            self._ask(key, expected, default)
            if key not in self._values:
                return default
        value = self._value(key, expected)
        if not _is_number(value) or not low <= value <= high:
            raise self._wrong(key, value, expected)
        return float(value)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from `low` to `high`, `default` when missing and not None.

        Raises ProfileError for anything else.
        """
        expected = f"a whole number from {low} to {high}"
        if default is not None:
            self._ask(key, expected, default)
            if key not in self._values:
                return default
        value = self._value(key, expected)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._wrong(key, value, expected)
        return value

    def text(self, key: str, pattern: str, expected: str) -> str:
        """A string that matches `pattern` whole.  Raises ProfileError for anything else."""
        value = self._value(key, expected)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise self._wrong(key, value, expected)
        return value

    def numbers(self, key: str, low: float, high: float, most: int = 100) -> tuple[float, ...]:
        """At most `most` numbers from `low` to `high`; none when missing.  Raises ProfileError."""
        expected = f"a list of numbers from {low:g} to {high:g}"
        self._ask(key, expected, ())
        values = self._values.get(key, [])
        if not isinstance(values, list) or not all(_is_number(each) for each in values):
            raise self._wrong(key, values, expected)
        if len(values) > most:
            raise self.error(
                key, f"'{key}' in {self.title} has {len(values)} values, at most {most} fit"
            )
        for each in values:
            if not low <= each <= high:
                raise self.error(
                    key, f"'{key}' in {self.title} must be {expected}; {each!r} is not"
                )
        return tuple(float(each) for each in values)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, at least one, none of them empty.  Raises ProfileError."""
        expected = "a list of texts, at least one, none empty"
        values = self._value(key, expected)
        if not isinstance(values, list) or not values:
            raise self._wrong(key, values, expected)
        for value in values:
            if not isinstance(value, str) or not value.strip():
                raise self._wrong(key, value, expected)
        return tuple(values)

    def flag(self, key: str, *, default: bool) -> bool:
        """true or false.  Raises ProfileError for anything else."""
        self._ask(key, "true or false", default)
        if key not in self._values:
            return default
        value = self._value(key, "true or false")
        if not isinstance(value, bool):
            raise self._wrong(key, value, "true or false")
        return value

    def items(self) -> list[tuple[str, Any]]:
        """Every key with its value as it stands, for a section whose keys are the user's own."""
        self._asked += self._values
        return list(self._values.items())

    def table(self, key: str) -> Table:
        """The section `[key]` of this one.  Raises ProfileError when it is missing."""
        section = self._path(key)
        return Table(self._source, section, 0, self._value(key, f"a section [{section}]"))

    def tables(self, key: str, *, needed: bool) -> list[Table]:
        """The sections `[[key]]`.  Raises ProfileError for none of them when `needed`."""
        if not needed:
            self._ask(key, f"any number of [[{key}]]", ())
            if key not in self._values:
                return []
        values = self._value(key, f"at least one [[{key}]]")
        if not isinstance(values, list) or (needed and not values):
            raise self._wrong(key, values, f"at least one [[{key}]]")
        return [Table(self._source, key, index, value) for index, value in enumerate(values)]

    def _unknown(self, key: str, known: Iterable[str]) -> ProfileError:
        hint = did_you_mean(key, known)
        return self.error(key, f"unknown key '{key}' in {self.title}{hint}")

    def close(self) -> None:
        """Raises ProfileError when the section holds a key that was never asked for."""
        for key in self._values:
            if key not in self._asked:
                raise self._unknown(key, self._asked)
