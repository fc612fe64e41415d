"""A JSON value written as what differs from another, so that many similar results stay small.

Places are JSON pointers without escapes: no key of a result holds a slash.
"""

from __future__ import annotations

import copy
from typing import Any

from msgspec import Struct


class Difference(Struct, frozen=True):
    """What makes a value out of the base."""

    values: dict[str, Any]
    """Place → value there.  Lists are replaced as a whole."""
    missing: tuple[str, ...] = ()
    """Places of the base that the value does not have."""


def difference(base: dict[str, Any], value: dict[str, Any]) -> Difference:
    """How the value differs from the base.  Raises ValueError for a key with a slash."""
    values: dict[str, Any] = {}
    missing: list[str] = []
    _collect(base, value, "", values, missing)
    return Difference(values, tuple(missing))


def restored(base: dict[str, Any], differs: Difference) -> dict[str, Any]:
    """The value that the difference was made of."""
    value = copy.deepcopy(base)
    for place in differs.missing:
        folder, key = _at(value, place)
        del folder[key]
    for place, each in differs.values.items():
        folder, key = _at(value, place)
        folder[key] = copy.deepcopy(each)
    return value


def _collect(
    base: dict[str, Any],
    value: dict[str, Any],
    place: str,
    values: dict[str, Any],
    missing: list[str],
) -> None:
    missing += [f"{place}/{key}" for key in base if key not in value]
    for key, each in value.items():
        if "/" in key:
            raise ValueError(f"a key must hold no slash, got {key!r}")
        here, before = f"{place}/{key}", base.get(key)
        if isinstance(each, dict) and isinstance(before, dict):
            _collect(before, each, here, values, missing)
        elif (
            key not in base or each != before or isinstance(each, bool) != isinstance(before, bool)
        ):
            values[here] = each


def _at(value: dict[str, Any], place: str) -> tuple[dict[str, Any], str]:
    *folders, key = place.removeprefix("/").split("/")
    for folder in folders:
        value = value[folder]
    return value, key
