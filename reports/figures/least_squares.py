"""Least squares for a few coefficients, with intervals that need no equal variances."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from reports.figures.students_t import t_95

_ALMOST_SINGULAR = 1e-9


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient and the half of its 95 % interval."""

    value: float
    half: float


def fitted(
    rows: Sequence[Sequence[float]],
    values: Sequence[float],
    groups: Sequence[Hashable] | None = None,
) -> list[Coefficient] | None:
    """The coefficients of the columns of `rows` that explain `values` best, without an intercept.

    The intervals are from White's estimator (1980), which holds for any variances of the rows, with
    the correction n/(n − k).  Rows of one of the `groups` may be correlated (Liang and Zeger 1986);
    n is then the number of groups.  None with too few rows or groups, or where the columns cannot
    be told apart.
    """
    if not rows or len(rows) < 3 * len(rows[0]):
        return None
    owners: Sequence[Hashable] = range(len(rows)) if groups is None else groups
    count = len(set(owners))
    if count <= len(rows[0]):
        return None
    columns = range(len(rows[0]))
    scale = [math.sqrt(sum(row[c] ** 2 for row in rows)) for c in columns]
    if not all(scale):
        return None
    scaled = [[row[c] / scale[c] for c in columns] for row in rows]
    inverse = _inverse([[_dot(scaled, a, b) for b in columns] for a in columns])
    if inverse is None:
        return None
    seen = [sum(r[c] * y for r, y in zip(scaled, values, strict=True)) for c in columns]
    beta = [sum(inverse[a][b] * seen[b] for b in columns) for a in columns]
    rest = [y - sum(r[c] * beta[c] for c in columns) for r, y in zip(scaled, values, strict=True)]
    free = count - len(columns)
    scores: defaultdict[Hashable, list[float]] = defaultdict(lambda: [0.0 for _ in columns])
    for owner, row, error in zip(owners, scaled, rest, strict=True):
        for c in columns:
            scores[owner][c] += row[c] * error
    meat = [
        [sum(score[a] * score[b] for score in scores.values()) for b in columns] for a in columns
    ]
    found = []
    for c in columns:
        variance = sum(inverse[c][a] * meat[a][b] * inverse[b][c] for a in columns for b in columns)
        half = t_95(free) * math.sqrt(max(0.0, variance) * count / free)
        found.append(Coefficient(beta[c] / scale[c], half / scale[c]))
    return found


def ratio(values: Sequence[float], amounts: Sequence[float]) -> Coefficient | None:
    """Σ values / Σ amounts; None with fewer than three pairs, or without any amount."""
    total = sum(amounts)
    if len(values) < 3 or total <= 0:
        return None
    value = sum(values) / total
    rest = sum((y - value * x) ** 2 for y, x in zip(values, amounts, strict=True))
    n = len(values)
    return Coefficient(value, t_95(n - 1) * math.sqrt(rest * n / (n - 1)) / total)


def _dot(rows: Sequence[Sequence[float]], a: int, b: int) -> float:
    return sum(row[a] * row[b] for row in rows)


def _inverse(matrix: list[list[float]]) -> list[list[float]] | None:
    """By Gauss and Jordan; None if it is almost singular.  The diagonal of `matrix` is 1."""
    size = len(matrix)
    wide = [row[:] + [float(a == b) for b in range(size)] for a, row in enumerate(matrix)]
    for a in range(size):
        pivot = max(range(a, size), key=lambda row: abs(wide[row][a]))
        if abs(wide[pivot][a]) < _ALMOST_SINGULAR:
            return None
        wide[a], wide[pivot] = wide[pivot], wide[a]
        wide[a] = [value / wide[a][a] for value in wide[a]]
        for b in range(size):
            if b != a:
                factor = wide[b][a]
                wide[b] = [x - factor * y for x, y in zip(wide[b], wide[a], strict=True)]
    return [row[size:] for row in wide]
