"""The figures that are compared, and where `result.json` holds each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from reports.comparison.model import MARGIN

Result = Mapping[str, Any]
"""All of a `result.json`."""
_PRIMARY_WEIGHT = 4.0
_WIDE_MARGIN = 0.05
"""Of the slowest turns, and of memory, which the allocator gives out in steps."""
_ROUGH_MARGIN = 0.10


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a run."""

    key: str
    title: str
    unit: str
    read: Callable[[Result], float | None]
    """From a result; None: not measured."""
    less_is_better: bool = True
    needs_one_machine: bool = True
    """It depends on the speed of the machine."""
    needs_same_limits: bool = False
    """It depends on the limits of the profile."""
    primary: bool = False
    margin: float = MARGIN
    """The practical margin, as a share."""
    floor: float | None = None
    """The resolution: a smaller value counts as this one, because 0 has no logarithm.  None: the
    figure is never 0."""

    @property
    def weight(self) -> float:
        """Its part of the family-wide level, against the other figures'."""
        return _PRIMARY_WEIGHT if self.primary else 1.0


def _at(result: Result, *path: str) -> float | None:
    value: Any = result
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else None


def _of_fault(fault: str, name: str, result: Result) -> float | None:
    for each in result.get("faults") or ():
        # A fault that did not take hold disturbed nobody: there is nothing to recover from.
        if each.get("id") == fault and each.get("took_hold"):
            return _at(each, name)
    return None


def _cost(name: str) -> Callable[[Result], float | None]:
    return lambda result: _at(result, "costs", name)


def _steady(name: str) -> Callable[[Result], float | None]:
    return lambda result: _at(result, "latency", "steady", name)


METRICS = (
    Metric(
        "cpu_per_turn", "Replica CPU a turn", "s", _cost("replica_cpu_s_per_turn"), primary=True
    ),
    Metric(
        "redis_us_per_turn",
        "Redis CPU a turn",
        "µs",
        lambda result: _times(_at(result, "costs", "redis_cpu_s_per_turn"), 1e6),
        primary=True,
    ),
    Metric(
        "bytes_per_session",
        "Redis memory a session",
        "bytes",
        _cost("redis_bytes_per_session"),
        needs_one_machine=False,
        primary=True,
        margin=_WIDE_MARGIN,
    ),
    Metric("p50", "p50 in the steady state", "s", _steady("p50"), primary=True),
    Metric(
        "redis_trips_per_turn",
        "Redis round trips a turn",
        "trips",
        _cost("redis_trips_per_turn"),
        needs_one_machine=False,
        floor=0.1,  # a service may keep its sessions elsewhere
    ),
    Metric(
        "redis_bytes_per_turn",
        "Redis traffic a turn",
        "bytes",
        _cost("redis_bytes_per_turn"),
        needs_one_machine=False,
        floor=10.0,
    ),
    Metric("p99", "p99 in the steady state", "s", _steady("p99"), margin=_WIDE_MARGIN),
    Metric(
        "errors",
        "Error budget spent",
        "share",
        lambda result: _at(result, "error_budget", "spent"),
        needs_same_limits=True,
        margin=_ROUGH_MARGIN,
        floor=0.01,
    ),
)
"""The figures of every run, primary ones first; `metrics_of` adds those of its faults."""


def metrics_of(results: Sequence[Result]) -> tuple[Metric, ...]:
    """The figures of these runs: `METRICS`, then the recovery and the outage of each fault."""
    ids = {fault["id"]: None for result in results for fault in result.get("faults") or ()}
    return (*METRICS, *(metric for fault in ids for metric in _metrics_of_fault(fault)))


def _metrics_of_fault(fault: str) -> tuple[Metric, Metric]:
    return (
        Metric(
            f"recovery:{fault}",
            f"Recovery after {fault}",
            "s",
            partial(_of_fault, fault, "recovery_s"),
            margin=_ROUGH_MARGIN,
            floor=0.1,
        ),
        Metric(
            f"outage:{fault}",
            f"Longest outage during {fault}",
            "s",
            partial(_of_fault, fault, "worst_outage_s"),
            margin=_ROUGH_MARGIN,
            floor=0.1,
        ),
    )


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
