"""The phases of a profile: their shapes and the keys of each shape."""

from __future__ import annotations

from loadtests.profiles import requests_csv as profile_csv
from loadtests.profiles.fields import read
from loadtests.profiles.model import HIGHEST_LEVEL, Decay, Hold, Levels, Phase, Ramp, Shape
from loadtests.profiles.source import Told
from loadtests.profiles.table import Table
from reports.basics.suggestions import did_you_mean

_BY_SHAPE = "by shape"
_TOLD_OF_LOGS = {
    "csv": Told(
        "A log of requests per minute, relative to this file: one number a line, or a time and a "
        "number.",
        _BY_SHAPE,
    ),
    "requests_per_turn": Told("Requests of the log that make one turn."),
    "peak": Told(
        "Scales the log so that its busiest minute is this many times `base_rate`.",
        "the log as counted",
    ),
}
_SHAPES = {
    "from": "'from' with 'to'",
    "hold": "'hold'",
    "decay": "'decay'",
    "levels": "'levels'",
    "csv": "'csv'",
}


def phases(tables: list[Table], turns_a_minute: float) -> list[Phase]:
    """Check and build every [[phase]].  Raises ProfileError.

    `turns_a_minute` is the load at level 1, because a log counts turns and the profile
    conversations.
    """
    result: list[Phase] = []
    for table in tables:
        table.tell("name", Told("The phase's name. Experiments may refer to it (`opening+5s`)."))
        name = table.text("name", r"[a-z][a-z0-9_-]{0,39}", "a short name in lower case")
        if name in [phase.name for phase in result]:
            raise table.error("name", f"the names of phases must be distinct, got '{name}' twice")
        if _kind(table) == "csv":
            result.append(_from_log(table, name, turns_a_minute))
        else:
            table.tell("minutes", Told("Sale minutes that the phase lasts (not with `csv`)."))
            minutes = table.number("minutes", 0.01, 100_000)
            result.append(Phase(name, minutes, _shape(table)))
        table.close()
    return result


def _kind(table: Table) -> str:
    """The key that selects the shape.  Raises ProfileError unless there is exactly one."""
    kinds = [key for key in _SHAPES if key in table]
    *others, last = _SHAPES.values()
    shapes = f"{', '.join(others)}, or {last}"
    if len(kinds) > 1:
        raise table.error(
            kinds[1],
            f"a [[phase]] takes one shape ({shapes}), not both '{kinds[0]}' and '{kinds[1]}'",
        )
    if kinds:
        return kinds[0]
    if "to" in table:
        return "from"
    for key in table:
        hint = did_you_mean(key, _SHAPES)
        if key not in ("name", "minutes") and hint:
            raise table.error(key, f"unknown key '{key}' in [phase]{hint}")
    raise table.error(None, f"a [[phase]] needs a shape: {shapes}; it has none")


def _shape(table: Table) -> Shape:
    match _kind(table):
        case "hold":
            return Hold(**read(Hold, table, _BY_SHAPE))
        case "decay":
            return Decay(**read(Decay, table, _BY_SHAPE))
        case "levels":
            levels = Levels(**read(Levels, table, _BY_SHAPE))
            if not levels.values:
                wrong = "'levels' in [phase] must have at least one value, got []"
                raise table.error("levels", wrong)
            return levels
    return Ramp(**read(Ramp, table, _BY_SHAPE))


def _from_log(table: Table, name: str, turns_a_minute: float) -> Phase:
    """Requests per minute -> turns -> conversations -> multiples of the base rate.

    With 'peak' the busiest step of the log is that multiple and the rest is in proportion, so the
    unit of the log does not matter.
    """
    for key, told in _TOLD_OF_LOGS.items():
        table.tell(key, told)
    log = profile_csv.read(table.text("csv", r"(?s).+", "the path of a CSV file"))
    per_turn = table.number("requests_per_turn", 0.01, 1000, 1.0)
    highest = max(log.per_minute)
    peak = table.number("peak", 0.001, HIGHEST_LEVEL, highest / per_turn / turns_a_minute)
    if peak > HIGHEST_LEVEL:
        raise table.error(
            "csv",
            f"the peak of the log must be at most {HIGHEST_LEVEL:g} times the base rate, got "
            f"{peak:,.0f} times ({highest:g} requests a minute); set 'peak', or raise 'base_rate'",
        )
    levels = tuple(each / highest * peak for each in log.per_minute)
    return Phase(name, log.step_minutes * len(levels), Levels(levels))
