"""Exact percentiles by nearest rank."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence

_AT_ONCE = 1_000_000
"""Numbers sorted at once, since sorting needs an object for each, four times its size."""
_PIVOTS = 64


def percentile(ordered: Sequence[float], p: float) -> float:
    """The smallest value that at least `p` percent of the values do not exceed.

    `ordered` is ascending and not empty; 0 < p <= 100.  Raises ValueError otherwise.
    """
    if not ordered:
        raise ValueError("no values: a percentile of nothing is not a number")
    if not 0 < p <= 100:
        raise ValueError(f"p must be more than 0 and at most 100, got {p}")
    # 99.9 is not exact in binary: without the rounding, rank 999 of 1000 would become 1000.
    rank = math.ceil(round(p * len(ordered) / 100, 9))
    return ordered[max(rank, 1) - 1]


def ascending(values: Iterable[float], at_once: int = _AT_ONCE) -> array[float]:
    """The values in order, eight bytes each, with at most about `at_once` objects in memory."""
    column = array("d", values)
    if len(column) <= at_once:
        return array("d", sorted(column))
    pivots = sorted(column[:: max(1, at_once // _PIVOTS)])
    pivots = pivots[:: max(1, len(pivots) // _PIVOTS)]
    parts = [array("d") for _ in range(len(pivots) + 1)]
    for value in column:
        parts[bisect_right(pivots, value)].append(value)
    del column
    ordered = array("d")
    for number, part in enumerate(parts):
        ordered.extend(sorted(part))
        parts[number] = array("d")
    return ordered


def median(values: Sequence[float]) -> float:
    """The nearest-rank median of values in any order.  Raises ValueError when there are none."""
    return percentile(sorted(values), 50)
