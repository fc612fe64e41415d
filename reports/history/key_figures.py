"""The figures of a run that its row in the history shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Result = dict[str, Any]

CPU = "CPU s"
"""The unit of CPU time; as any time it is held in seconds."""


@dataclass(frozen=True)
class KeyFigure:
    """One figure of a result.  For all of them less is better."""

    title: str
    unit: str
    needs_one_machine: bool
    """It depends on the speed of the machine."""
    floor: float
    """A value below this counts as this one where changes are sought, in its base unit."""
    read: Callable[[Result], float | None]


def _number(value: object, *path: str) -> float | None:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _at(*path: str) -> Callable[[Result], float | None]:
    return lambda result: _number(result, *path)


def _worst_recovery(result: Result) -> float | None:
    """The longest recovery that was judged (s); None without a fault, or when one is not known."""
    gates = [gate for gate in result.get("gates") or () if gate.get("name") == "recovery.time"]
    values = [_number(gate, "value") for gate in gates]
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


KEY_FIGURES: dict[str, KeyFigure] = {
    "p99": KeyFigure("p99", "s", True, 1e-3, _at("latency", "steady", "p99")),
    "cpu_per_turn": KeyFigure("CPU a turn", CPU, True, 1e-5, _at("costs", "cpu_s_per_turn")),
    "redis_bytes_per_turn": KeyFigure(
        "Redis bytes a turn", "bytes", False, 1.0, _at("costs", "redis_bytes_per_turn")
    ),
    "recovery": KeyFigure("recovery", "s", True, 1e-2, _worst_recovery),
}
"""Key → the figure; those of costs have the names of `reports/comparison/metrics.py`."""
