"""How the load of a run was sized to the machine that it shared with its fleet: `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reports.records.errors import HistoryError

MODES = ("auto", "given")
_MOST = 1e9
GROWN = 3.0
"""A turn that costs more than this many times a first one has grown dear with the history."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """By what the rates of the profile were multiplied, and what was measured before that."""

    mode: str
    """`auto`: the factor follows from the rehearsal; `given`: by the user, or a replayed run."""
    factor: float
    cpu_s_per_turn: float | None
    """Processor seconds that one turn takes of all that serves and asks; None: not measured."""
    cores: float
    """Processors that the run could use: limits of its cgroup and its affinity respected."""
    carries_turns_per_s: float | None
    """Turns a second that keep all of those busy; None: not measured."""
    planned_peak_turns_per_s: float
    """The peak of the profile as it is written."""
    peak_turns_per_s: float
    """The peak of the load that was played."""
    turns: int
    """Turns that the rehearsal measured."""
    seconds: float
    """How long it measured them."""
    cpu_s_per_first_turn: float | None = None
    """As `cpu_s_per_turn`, of turns in sessions that were new; None: not measured apart."""

    def to_dict(self) -> dict[str, Any]:
        """The object of `run.json`."""
        return asdict(self)


def in_words(sizing: Mapping[str, Any], profile: str) -> str:
    """One line: what the load is, and why; `sizing` is the object of `run.json`."""
    factor, cores = _shown(sizing, "factor"), _shown(sizing, "cores")
    peak = _shown(sizing, "peak_turns_per_s")
    planned = _shown(sizing, "planned_peak_turns_per_s")
    cost, carries = sizing.get("cpu_s_per_turn"), _shown(sizing, "carries_turns_per_s")
    if isinstance(cost, int | float):
        carry = "core carries" if cores == "1" else "cores carry"
        measured = f"{cores} {carry} {carries}, at {cost * 1000:.3g} ms of CPU a turn"
        first = sizing.get("cpu_s_per_first_turn")
        if isinstance(first, int | float) and cost > GROWN * first > 0:
            measured += f", {cost / first:.1f} × that of a first turn"
    else:
        measured = "what this machine carries was not measured"
    if sizing.get("mode") == "given":
        load = f"sized as asked: {factor} × {profile}, peak {peak} of {planned} turns/s"
    elif factor == "1":
        load = f"not scaled: {profile} at its peak of {planned} turns/s"
    else:
        load = f"sized to this machine: {factor} × {profile}, peak {peak} of {planned} turns/s"
    return f"{load}; {measured}"


def _shown(sizing: Mapping[str, Any], key: str) -> str:
    value = sizing.get(key)
    return f"{value:.3g}" if isinstance(value, int | float) else "?"


def read_sizing(path: Path, values: Mapping[str, Any]) -> Sizing | None:
    """The `sizing` of `run.json`; None where nothing was rehearsed, and in older runs.

    Raises HistoryError for anything else than such an object.
    """
    found = values.get("sizing")
    if found is None:
        return None
    if not isinstance(found, dict):
        raise HistoryError(f"{path}: sizing: {found!r:.80}, expected an object")
    mode = found.get("mode")
    if mode not in MODES:
        raise HistoryError(f"{path}: sizing.mode: {mode!r:.80}, expected {' or '.join(MODES)}")
    turns = found.get("turns", 0)
    if not isinstance(turns, int) or isinstance(turns, bool) or not 0 <= turns <= _MOST:
        raise HistoryError(f"{path}: sizing.turns: {turns!r:.80}, expected a whole number from 0")
    return Sizing(
        mode=mode,
        factor=_positive(path, found, "factor"),
        cpu_s_per_turn=_measured(path, found, "cpu_s_per_turn"),
        cores=_positive(path, found, "cores"),
        carries_turns_per_s=_measured(path, found, "carries_turns_per_s"),
        planned_peak_turns_per_s=_positive(path, found, "planned_peak_turns_per_s"),
        peak_turns_per_s=_positive(path, found, "peak_turns_per_s"),
        turns=turns,
        seconds=0.0 if not found.get("seconds") else _positive(path, found, "seconds"),
        cpu_s_per_first_turn=_measured(path, found, "cpu_s_per_first_turn"),
    )


def _measured(path: Path, found: Mapping[str, Any], key: str) -> float | None:
    return None if found.get(key) is None else _positive(path, found, key)


def _positive(path: Path, found: Mapping[str, Any], key: str) -> float:
    value = found.get(key)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or value is None or not 0 < value <= _MOST:
        raise HistoryError(f"{path}: sizing.{key}: {value!r:.80}, expected a number above 0")
    return float(value)
