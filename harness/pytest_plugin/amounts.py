"""Amounts with a unit, as a person writes them in a test: `10s`, `1.5 s`, `100%`, `64MiB`."""

from __future__ import annotations

import re

from harness.pytest_plugin.errors import PlanError

_AMOUNT = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*([^\s\d]*)\s*")

SECONDS = {"s": 1.0, "ms": 0.001, "min": 60.0, "": 1.0}
SHARES = {"%": 0.01, "": 1.0}
SIZES = {
    "": 1.0,
    "B": 1.0,
    "kB": 1e3,
    "MB": 1e6,
    "GB": 1e9,
    "KiB": 1024.0,
    "MiB": 1024.0**2,
    "GiB": 1024.0**3,
}
COUNTS = {"": 1.0}


def read(text: str, units: dict[str, float], where: str) -> float:
    """The amount in the base unit (seconds, shares of one, bytes, or a number of things).

    Raises PlanError, which names `where`, when the text is no such amount.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None or match[2] not in units:
        named = ", ".join(unit for unit in units if unit)
        wanted = f"a number with a unit of {named}" if named else "a number without a unit"
        raise PlanError(f"{where}: must be {wanted}, got {text.strip()!r}")
    return float(match[1]) * units[match[2]]


def moment(at: object, where: str) -> float:
    """Seconds after the start of the load, from `"10s"` or a number.  Raises PlanError."""
    if isinstance(at, int | float) and not isinstance(at, bool):
        seconds = float(at)
    elif isinstance(at, str):
        seconds = read(at, SECONDS, where)
    else:
        raise PlanError(f"{where}: must be a time after the load's start, as '10s', got {at!r}")
    if not 0 <= seconds < 1e6:
        raise PlanError(f"{where}: must be a time after the load's start, as '10s', got {at!r}")
    return seconds
