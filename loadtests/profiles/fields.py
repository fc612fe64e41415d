"""A key of a profile is a field: its type, bounds and default stand there, its meaning below it.

think_sigma: Annotated[float, Bounds(0, 3)]
\"\"\"Standard deviation of the logarithm of think times.\"\"\"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, get_args, get_type_hints

from loadtests.profiles.source import Told
from loadtests.profiles.table import Table


@dataclass(frozen=True, slots=True)
class Bounds:
    """The allowed range of a number, or of each number in a list."""

    low: float
    high: float
    key: str = ""
    """The key in the file; empty: the name of the field."""
    section: str = ""
    """The section in the file; empty: the one that is read."""
    most: int = 100
    """The most values of a list."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """The allowed form of a text."""

    pattern: str
    expected: str
    """The pattern in words, for errors."""


def read(kind: type, table: Table, without: str = "") -> dict[str, Any]:
    """The values of those fields of a dataclass that have `Bounds` or a `Pattern`.

    `without` says on the reference page what holds without a key that has no default.  Raises
    ProfileError.
    """
    return read_sections(kind, {"": table}, without)


def read_sections(kind: type, tables: Mapping[str, Table], without: str = "") -> dict[str, Any]:
    """The same for a dataclass whose fields are in several sections.  Raises ProfileError."""
    hints = get_type_hints(kind, include_extras=True)
    values: dict[str, Any] = {}
    for each in fields(kind):
        of, *marks = get_args(hints[each.name]) or (None,)
        default = None if each.default is MISSING else each.default
        match marks:
            case [Bounds() as bounds]:
                table, key = tables[bounds.section], bounds.key or each.name
                told = Told("", "" if default is not None else without, (kind, each.name))
                table.tell(key, told)
                if of is int:
                    value: Any = table.whole(key, int(bounds.low), int(bounds.high), default)
                elif of is float:
                    value = table.number(key, bounds.low, bounds.high, default)
                else:
                    value = table.numbers(key, bounds.low, bounds.high, bounds.most)
                values[each.name] = value
            case [Pattern() as text]:
                tables[""].tell(each.name, Told(field=(kind, each.name)))
                values[each.name] = tables[""].text(each.name, text.pattern, text.expected)
    return values


def written(values: object) -> dict[str, Any]:
    """The fields of a dataclass that are keys, as the tables of its file: the inverse of `read`."""
    assert is_dataclass(values)
    hints = get_type_hints(type(values), include_extras=True)
    tables: dict[str, Any] = {}
    for each in fields(values):
        _, *marks = get_args(hints[each.name]) or (None,)
        value = getattr(values, each.name)
        value = list(value) if isinstance(value, tuple) else value
        match marks:
            case [Bounds(key=key, section="")]:
                tables[key or each.name] = value
            case [Bounds(key=key, section=section)]:
                tables.setdefault(section, {})[key or each.name] = value
            case [Pattern()]:
                tables[each.name] = value
    return tables
