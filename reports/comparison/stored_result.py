"""The shape of a stored `result.json`, as far as a comparison reads it.

Only what is read is checked, so that results of older and newer versions can be compared.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from reports.records import typed


def _told(description: str) -> Meta:
    return Meta(extra_json_schema={"description": description})


_Part = Annotated[dict[str, Any] | None, _told("an object")]
_Numbers = Annotated[dict[str, float | None] | None, _told("an object of numbers")]


class _Gate(Struct):
    name: str
    phase: str
    status: str
    value: float | None = None


class _Fault(Struct):
    id: str
    took_hold: bool = False
    recovery_s: float | None = None
    worst_outage_s: float | None = None


class _Result(Struct):
    name: Annotated[str, _told("a text")]
    started: Annotated[str, _told("a date and time")]
    verdict: Annotated[Literal["GO", "NO-GO", "INCONCLUSIVE"], _told("GO, NO-GO or INCONCLUSIVE")]
    gates: Annotated[list[_Gate], _told("a list of gates, each with name, phase and status")]
    environment: Annotated[dict[str, Any], _told("an object")]
    seed: Annotated[int | None, _told("a whole number")] = None
    continuity: _Numbers = None
    costs: _Numbers = None
    latency: Annotated[
        dict[str, dict[str, float | None] | None] | None, _told("an object of phases with numbers")
    ] = None
    error_budget: _Part = None
    faults: Annotated[list[_Fault] | None, _told("a list of faults, each with an id")] = None
    memory: _Part = None
    generator: _Numbers = None
    profile: _Part = None
    sizing: _Part = None
    experiment: _Part = None
    timeline: _Part = None


def check(result: object) -> None:
    """Raises ValueError, one sentence that names the key, for what cannot be compared."""
    started = typed.convert(result, _Result).started
    try:
        datetime.fromisoformat(started)
    except ValueError:
        raise ValueError(f"started must be a date and time, got {typed.shown(started)}") from None
