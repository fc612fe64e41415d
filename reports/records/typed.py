"""Converts values to a type, with an error of one sentence that names the key.

The sentence takes the expected value from the description in the type:
`sizing.factor must be a number above 0, got 0`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

T = TypeVar("T")

_MOST_SHOWN = 80
_PLACE = re.compile(r" - at `\$(?P<steps>.*)`$")
_STEP = re.compile(r"\.(\w+)|\[[^]]*\]")
_MISSING = re.compile(r"Object missing required field `(\w+)`")


def convert(values: Any, kind: type[T]) -> T:
    """`values`, plain JSON types, as `kind`.

    Raises ValueError, one sentence: the key, the expected value, and the value.
    """
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise ValueError(_sentence(str(error), values, kind)) from None


def shown(value: Any) -> str:
    """A value for an error message, shortened."""
    text = str(value) if isinstance(value, date) else repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _sentence(why: str, values: Any, kind: Any) -> str:
    place = _PLACE.search(why)
    steps = _STEP.findall("" if place is None else place["steps"])
    missing = _MISSING.match(why)
    if missing is not None:
        steps.append(missing[1])
    key, value, wanted = [], values, inspect.type_info(kind)
    for name in steps:
        described = _struct(wanted)
        if not name or described is None:
            break  # inside a list or a plain object, which has one description for the whole
        wanted = next(field.type for field in described.fields if field.encode_name == name)
        value = value.get(name) if isinstance(value, Mapping) else None
        key.append(name)
    is_missing = missing is not None and len(key) == len(steps)
    got = "nothing" if is_missing else shown(value)
    return f"{'.'.join(key) or 'it'} must be {_described(wanted)}, got {got}"


def _struct(wanted: inspect.Type) -> inspect.StructType | None:
    return next((each for each in _members(wanted) if isinstance(each, inspect.StructType)), None)


def _described(wanted: inspect.Type) -> str:
    for each in _members(wanted):
        if isinstance(each, inspect.Metadata):
            return str((each.extra_json_schema or {}).get("description"))
    return "an object"


def _members(wanted: inspect.Type) -> tuple[inspect.Type, ...]:
    return wanted.types if isinstance(wanted, inspect.UnionType) else (wanted,)
