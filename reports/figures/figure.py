"""A figure of the answer sheet: a value with its unit, its interval and its origin."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Label(StrEnum):
    """The origin of a figure, which says how far it can be trusted."""

    MEASURED = "measured"
    """Read from the records of a run."""
    FITTED = "fitted"
    """From a curve through measurements, within the range that they cover."""
    SIMULATED = "simulated"
    """From the simulator, calibrated by measurements."""
    ASSUMED = "assumed"
    """Given by the user, or a published value; not measured here."""
    UNKNOWN = "unknown"
    """Not known: it would be an extrapolation beyond the validated range."""


class Figure(Struct, frozen=True, kw_only=True):
    """One value; `low` and `high` are its 95 % interval where one is known.

    With only one of the two the value is at least, or at most, that.
    """

    value: float | None
    """None: unknown."""
    unit: str
    """For example `turns/s`, `s`, `bytes`, `replicas`, `share`, `USD`."""
    label: Label
    """Its origin."""
    low: float | None = None
    """The lower end of the interval."""
    high: float | None = None
    """The upper end of the interval."""
    why: str = ""
    """The source of the value; for an unknown one, the measurement that would tell."""


def unknown(unit: str, why: str) -> Figure:
    """A figure that is not known; `why` names the measurement that would tell."""
    return Figure(value=None, unit=unit, label=Label.UNKNOWN, why=why)
