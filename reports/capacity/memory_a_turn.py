"""Bytes in Redis for each turn and for each session, from the samples of its memory.

Between samples the memory changes by bytes × sessions that came and went + bytes × their turns.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from reports.figures.figure import Figure, Label, unknown
from reports.figures.least_squares import Coefficient, fitted
from reports.measures.session_moments import session_moments, turn_moments
from reports.records.history import History

_STEP_S = 5.0
_NOT_DATA = ("mem_clients_normal", "mem_aof_buffer", "mem_replication_backlog")
_WHY = "Redis's memory between samples, against the sessions and turns that came and went"


def bytes_per_turn(history: History) -> Figure:
    """Bytes for each stored turn."""
    return _figure(history, 1)


def bytes_per_session(history: History) -> Figure:
    """Bytes for each session without its turns."""
    return _figure(history, 0)


def _figure(history: History, place: int) -> Figure:
    found = history.once(_fit)
    if found is None:
        return unknown("bytes", "the memory of Redis does not tell; `diya capacity` measures it")
    each = found[place]
    return Figure(
        value=each.value,
        unit="bytes",
        label=Label.FITTED,
        low=each.value - each.half,
        high=each.value + each.half,
        why=_WHY,
    )


def _fit(history: History) -> list[Coefficient] | None:
    """Bytes for each session, and for each turn."""
    memory: list[tuple[float, float]] = []
    for sample in history.samples_by_source.get("redis", []):
        used = sample.values.get("used_memory")
        if used is not None and (not memory or sample.t - memory[-1][0] >= _STEP_S):
            other = sum(sample.values.get(name, 0.0) for name in _NOT_DATA)
            memory.append((sample.t, used - other))
    came, went = session_moments(history)
    turns_came, turns_went = turn_moments(history)
    table, changes = [], []
    for (a, before), (b, after) in pairwise(memory):
        sessions = _between(came, a, b) - _between(went, a, b)
        turns = _between(turns_came, a, b) - _between(turns_went, a, b)
        if sessions or turns:
            table.append([float(sessions), float(turns)])
            changes.append(after - before)
    return fitted(table, changes)


def _between(moments: list[float], start: float, end: float) -> int:
    return bisect_right(moments, end) - bisect_right(moments, start)
