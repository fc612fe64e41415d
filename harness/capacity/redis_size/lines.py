"""Straight lines and means with their 95 % intervals, in plain Python."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from reports.figures.students_t import t_95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % interval; None where the points are too few for one."""

    value: float
    low: float | None
    high: float | None
    off: float
    """The largest deviation of a point: of a mean or a ratio as a share of it, of a line with a
    constant as a share of its largest value."""


def ratio(x: Sequence[float], y: Sequence[float]) -> Estimate:
    """The slope of a line through the origin, each point with the same relative error.

    That is the mean of y/x; its interval is Student's t for a mean (Casella and Berger, Statistical
    Inference, 9.2).  Raises ValueError without points.
    """
    return mean([each / other for each, other in zip(y, x, strict=True)])


def mean(values: Sequence[float]) -> Estimate:
    """The mean; its interval by Student's t.  Raises ValueError without values."""
    if not values:
        raise ValueError("a mean needs at least one value")
    middle = statistics.fmean(values)
    off = max(abs(each / middle - 1) for each in values) if middle else 0.0
    if len(values) < 2:
        return Estimate(middle, None, None, off)
    half = t_95(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return Estimate(middle, middle - half, middle + half, off)


def slope(x: Sequence[float], y: Sequence[float]) -> Estimate:
    """The slope of the least-squares line with a constant; its interval by Student's t with n - 2
    degrees of freedom.

    With fewer than three points the line has no interval.  Raises ValueError for fewer than two
    different x.
    """
    rise, base = statistics.linear_regression(x, y)
    left = [at - (base + rise * place) for place, at in zip(x, y, strict=True)]
    highest = max(abs(base + rise * place) for place in x)
    off = max(map(abs, left)) / highest if highest else 0.0
    freedom = len(x) - 2
    if freedom < 1:
        return Estimate(rise, None, None, off)
    middle = statistics.fmean(x)
    spread = math.sqrt(sum((place - middle) ** 2 for place in x))
    error = math.sqrt(sum(rest**2 for rest in left) / freedom) / spread
    half = t_95(freedom) * error
    return Estimate(rise, rise - half, rise + half, off)
