"""The figures of a run that its row in the history shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reports.comparison.metrics import METRICS, Result


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


def _compared(key: str, title: str, floor: float) -> KeyFigure:
    """A figure of `diya compare`."""
    (metric,) = (each for each in METRICS if each.key == key)
    return KeyFigure(title, metric.unit, metric.needs_one_machine, floor, metric.read)


def _worst_recovery(result: Mapping[str, Any]) -> float | None:
    """The longest recovery that was judged (s); None without a fault, or when one is not known."""
    gates = result.get("gates") or ()
    values = [gate.get("value") for gate in gates if gate.get("name") == "recovery.time"]
    return None if not values or None in values else float(max(values))


KEY_FIGURES: dict[str, KeyFigure] = {
    "p99": _compared("p99", "p99", 1e-3),
    "cpu_per_turn": _compared("cpu_per_turn", "CPU a turn", 1e-5),
    "redis_bytes_per_turn": _compared("redis_bytes_per_turn", "Redis bytes a turn", 1.0),
    "recovery": KeyFigure("recovery", "s", True, 1.0, _worst_recovery),
}
"""Key → the figure."""
