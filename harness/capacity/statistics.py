"""Small statistics: a ratio with its interval, and least squares without an intercept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_T_95 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Student's t for a two-sided interval of 95 %, by degrees of freedom from 1 on."""
_SINGULAR = 1e-9


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and half the width of its 95 % interval; infinite when that is not known."""

    value: float
    margin: float

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.value - self.margin

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.value + self.margin


def t_95(freedom: int) -> float:
    """Student's t for a two-sided interval of 95 %; infinite without a degree of freedom."""
    if freedom < 1:
        return math.inf
    # 1.96 + 2.4 / freedom is above the exact value by at most 0.1 % from 31 on.
    return _T_95[freedom - 1] if freedom <= len(_T_95) else 1.96 + 2.4 / freedom


def ratio(amounts: Sequence[float], counts: Sequence[float]) -> Estimate | None:
    """Σ amounts / Σ counts over batches; None without any count.

    The interval is that of the ratio estimator: from the residuals amount − ratio × count of the
    batches (Cochran, Sampling Techniques, 1977, 2.11).
    """
    number, total = len(counts), sum(counts)
    if total <= 0:
        return None
    value = sum(amounts) / total
    if number < 2:
        return Estimate(value, math.inf)
    residuals = (a - value * c for a, c in zip(amounts, counts, strict=True))
    variance = sum(each**2 for each in residuals) / (number - 1) / number
    return Estimate(value, t_95(number - 1) * math.sqrt(variance) * number / total)


def least_squares(
    rows: Sequence[Sequence[float]], values: Sequence[float]
) -> tuple[Estimate, ...] | None:
    """The coefficients b of rows · b = values, each with its interval, by the normal equations.

    None when the rows do not determine them.
    """
    size = len(rows[0]) if rows else 0
    freedom = len(rows) - size
    if size == 0 or freedom < 1:
        return None
    products = [[sum(row[i] * row[j] for row in rows) for j in range(size)] for i in range(size)]
    inverse = _inverse(products)
    if inverse is None:
        return None
    right = [sum(row[i] * y for row, y in zip(rows, values, strict=True)) for i in range(size)]
    found = [sum(inverse[i][j] * right[j] for j in range(size)) for i in range(size)]
    errors = (
        y - sum(x * b for x, b in zip(row, found, strict=True))
        for row, y in zip(rows, values, strict=True)
    )
    variance = sum(error**2 for error in errors) / freedom
    t = t_95(freedom)
    return tuple(
        Estimate(found[i], t * math.sqrt(max(0.0, variance * inverse[i][i]))) for i in range(size)
    )


def _inverse(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """The inverse by Gauss and Jordan, the largest pivot first; None for a singular matrix."""
    size = len(matrix)
    work = [[*row, *(1.0 if i == j else 0.0 for j in range(size))] for i, row in enumerate(matrix)]
    for place in range(size):
        pivot = max(range(place, size), key=lambda row: abs(work[row][place]))
        if abs(work[pivot][place]) <= _SINGULAR * max(1.0, abs(matrix[place][place])):
            return None
        work[place], work[pivot] = work[pivot], work[place]
        scale = work[place][place]
        work[place] = [value / scale for value in work[place]]
        for row in range(size):
            if row != place and work[row][place]:
                factor = work[row][place]
                work[row] = [
                    value - factor * above
                    for value, above in zip(work[row], work[place], strict=True)
                ]
    return [row[size:] for row in work]
