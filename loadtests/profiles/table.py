"""A section of a profile, read key by key, and the error messages about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from loadtests.profiles.source import Key, ProfileError, Source, Told
from reports.basics.suggestions import closest, nearest


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Table:
    """One section of a profile, read key by key; `close` refuses keys that were not read."""

    def __init__(self, source: Source, section: str, index: int, values: Any) -> None:
        self._source, self._section, self._index = source, section, index
        if not isinstance(values, dict):
            raise self.error(None, f"[{section}] must be a table, got {values!r}")
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

    def tell(self, key: str, told: Told) -> None:
        """Set the reference text of a key that is read next."""
        self._source.told[self._section, key] = told

    def _ask(self, key: str, expected: str, default: object = None) -> None:
        if key not in self._asked:
            self._asked.append(key)
        place = (self._section, key)
        asked = Key(self._section, key, expected, default, self._source.told.get(place, Told()))
        self._source.asked.setdefault(place, asked)

    def _value(self, key: str, expected: str) -> Any:
        self._ask(key, expected)
        if key not in self._values:
            close = closest(key, (k for k in self._values if k != key), likeness=0.75)
            if close:
                raise self._unknown(close[0], [key])
            raise self.error(None, f"missing key '{key}' in {self.title}: must be {expected}")
        return self._values[key]

    def _wrong(self, key: str, value: Any, expected: str) -> ProfileError:
        return self.error(key, f"'{key}' in {self.title} must be {expected}, got {value!r}")

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
                key, f"'{key}' in {self.title} must have at most {most} values, got {len(values)}"
            )
        for each in values:
            if not low <= each <= high:
                raise self.error(key, f"'{key}' in {self.title} must be {expected}, got {each!r}")
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
        hint = nearest(key, known)
        return self.error(key, f"unknown key '{key}' in {self.title}{hint}")

    def close(self) -> None:
        """Raises ProfileError when the section holds a key that was never asked for."""
        for key in self._values:
            if key not in self._asked:
                raise self._unknown(key, self._asked)
