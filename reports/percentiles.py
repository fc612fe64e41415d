"""Exact percentiles by nearest rank."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence


def percentile(ordered: Sequence[float], p: float) -> float:
    """The smallest value that at least `p` percent of the values do not exceed.

    `ordered` is ascending and not empty; 0 < p <= 100.  Raises ValueError otherwise.
    """
    if not ordered:
        raise ValueError("no values: a percentile of nothing is not a number")
    if not 0 < p <= 100:
        raise ValueError(f"percentile {p}: expected more than 0 and at most 100")
    # 99.9 is not exact in binary: without the rounding, rank 999 of 1000 would become 1000.
    rank = math.ceil(round(p * len(ordered) / 100, 9))
    return ordered[max(rank, 1) - 1]


def ascending(values: Iterable[float]) -> array[float]:
    """The values in order, eight bytes each."""
    return array("d", sorted(array("d", values)))


def median(values: Sequence[float]) -> float:
    """The nearest-rank median of values in any order.  Raises ValueError when there are none."""
    return percentile(sorted(values), 50)
