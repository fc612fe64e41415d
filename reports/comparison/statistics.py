"""The statistics of a comparison: pure functions of the figures of the runs.

The unit is the run, never the turn: a thousand turns of one run share its luck.  All arithmetic is
on logarithms, so that a change is a ratio and the spread a share.

A change counts as real when two conditions hold:

1. Holm's procedure rejects "no change" for it, at a family-wide level of 2 %: in two sides that
   are the same, a figure of any spread is called worse or better in at most 2 % of comparisons,
   all figures together.
2. Its 95 % interval lies wholly beyond the practical margin.

It is the same when its 95 % interval lies wholly inside of the margin.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from reports.comparison.model import Word
from reports.figures.students_t import tail, upper_quantile

FAMILY_LEVEL = 0.02
"""The probability of any false alarm in a comparison of two sides that are the same, at most."""
CONFIDENCE = 0.95
NEAR_S = 30 * 60.0
"""Runs are neighbours when they began at most this long apart, seconds."""
POWER = 0.8


@dataclass(frozen=True, slots=True)
class Run:
    """One value of a figure, and the run that it comes from."""

    value: float
    """Above 0."""
    seed: int | None = None
    started: float = 0.0
    """Unix epoch seconds."""


@dataclass(frozen=True, slots=True)
class KnownSpread:
    """The run-to-run spread of a figure in earlier runs of one set-up on this machine."""

    cv: float
    """The coefficient of variation, the drift of the machine taken out, a share."""
    freedom: float
    """Its degrees of freedom: the number of earlier runs less their means."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The change from A to B, as the logarithm of B / A."""

    n: int
    """Pairs, or the runs of the smaller side."""
    paired: bool
    change: float
    """The mean logarithm of the ratio."""
    error: float
    """Its standard error."""
    freedom: float
    """The degrees of freedom of the standard error."""
    spread: float
    """The coefficient of variation from run to run, drift between pairs taken out, a share."""

    @property
    def ratio(self) -> float:
        """B / A, the geometric mean."""
        return math.exp(self.change)

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The interval of the ratio; (0, inf) when nothing bounds it."""
        half = _times(upper_quantile((1 - confidence) / 2, self.freedom), self.error)
        return _exp(self.change - half), _exp(self.change + half)

    @property
    def p_value(self) -> float:
        """The two-sided probability of such a change, or a greater one, if nothing changed."""
        if self.change == 0.0:
            return 1.0
        if self.error == 0.0:
            return 0.0
        return 2 * tail(abs(self.change) / self.error, self.freedom)


def paired(pairs: Sequence[tuple[Run, Run]], known: KnownSpread | None = None) -> Estimate | None:
    """The change within pairs (a run of A, a run of B), in the order of their starts.

    The spread comes from the differences of the pairs around their mean, and from neighbouring runs
    of one side and one seed: in the order A B B A the second run of a pair and the first of the
    next are such neighbours.  Both differ by chance and a short drift only, and neither depends on
    the change from A to B; together they have more degrees of freedom than the pairs alone.  With
    different seeds it is the paired t interval.  A longer drift between the neighbours only widens
    the interval.  None with fewer than two pairs.
    """
    n = len(pairs)
    if n < 2:
        return None
    logs = [(math.log(a.value), math.log(b.value)) for a, b in pairs]
    ratios = [b - a for a, b in logs]
    change = sum(ratios) / n
    squares = sum((ratio - change) ** 2 for ratio in ratios)
    sides: list[int | None] = [_neighbours(*each) for each in pairwise(pairs)]
    for (before, after), side in zip(pairwise(logs), sides, strict=True):
        if side is not None:
            squares += (after[side] - before[side]) ** 2
    trace, freedom = _form(n, tuple(sides))
    variance = squares / trace
    """Of one run."""
    if known is not None:
        whole = freedom + known.freedom
        variance = (variance * freedom + math.log1p(known.cv**2) * known.freedom) / whole
        freedom = whole
    return Estimate(n, True, change, math.sqrt(2 * variance / n), freedom, _cv(variance))


def welch(a: Sequence[float], b: Sequence[float]) -> Estimate | None:
    """The change between runs that are not paired, by Welch's t on the logarithms.

    The values are above 0.  None with fewer than two runs on a side.
    """
    if min(len(a), len(b)) < 2:
        return None
    (mean_a, var_a), (mean_b, var_b) = (_moments(side) for side in (a, b))
    of_a, of_b = var_a / len(a), var_b / len(b)
    square = of_a + of_b
    below = of_a**2 / (len(a) - 1) + of_b**2 / (len(b) - 1)
    freedom = square**2 / below if below else float(len(a) + len(b) - 2)
    rest = (len(a) - 1, len(b) - 1)
    variance = (var_a * rest[0] + var_b * rest[1]) / sum(rest)
    return Estimate(
        min(len(a), len(b)), False, mean_b - mean_a, math.sqrt(square), freedom, _cv(variance)
    )


def holm(p_values: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    """Key → its p value adjusted for the family, by Holm's weighted procedure (1979).

    A figure is rejected at the family-wide level α when its adjusted p value is at most α.  A
    greater weight gives a figure a greater part of α.
    """
    order = sorted(p_values, key=lambda key: (p_values[key] / weights[key], key))
    left, largest = sum(weights[key] for key in order), 0.0
    adjusted = {}
    for key in order:
        largest = max(largest, min(1.0, p_values[key] * left / weights[key]))
        adjusted[key] = largest
        left -= weights[key]
    return adjusted


def word(
    estimate: Estimate,
    adjusted_p: float,
    margin: float,
    *,
    less_is_better: bool = True,
    level: float = FAMILY_LEVEL,
) -> Word:
    """The statement about B, from the change, its p value adjusted by `holm`, and the margin."""
    low, high = estimate.interval()
    bottom, top = bounds(margin)
    if bottom <= low and high <= top:
        return Word.SAME
    if adjusted_p <= level and (low > top or high < bottom):
        return Word.WORSE if (low > top) == less_is_better else Word.BETTER
    return Word.UNDECIDED


def bounds(margin: float) -> tuple[float, float]:
    """The ratios that bound the margin: as far below 1 as above, in logarithms."""
    return 1 / (1 + margin), 1 + margin


def detectable(estimate: Estimate, margin: float, level: float) -> float:
    """The smallest rise that such runs would find with a probability of 80 %, a share.

    `level` is the figure's part of the family-wide level.
    """
    found = upper_quantile(1 - POWER, estimate.freedom)
    first = upper_quantile(level / 2, estimate.freedom) + found
    second = upper_quantile((1 - CONFIDENCE) / 2, estimate.freedom) + found
    change = max(_times(first, estimate.error), math.log1p(margin) + _times(second, estimate.error))
    return _exp(change) - 1


def geometric_mean(values: Sequence[float]) -> float:
    """Of at least one value; 0 if one of them is 0."""
    if min(values) <= 0:
        return 0.0
    return math.exp(sum(map(math.log, values)) / len(values))


def _neighbours(before: tuple[Run, Run], after: tuple[Run, Run]) -> int | None:
    """The side (0: A) whose runs of two pairs are nearest in time.

    None: they are of different seeds, or too far apart to share the speed of the machine.
    """
    seeds = {run.seed for run in (*before, *after)}
    if len(seeds) > 1 or None in seeds:
        return None
    gaps = [after[side].started - before[side].started for side in (0, 1)]
    return None if min(gaps) > NEAR_S else 0 if gaps[0] < gaps[1] else 1


@cache
def _form(n: int, sides: tuple[int | None, ...]) -> tuple[float, float]:
    """The expected sum of squares for a run's variance of 1, and its degrees of freedom.

    The sum is x'Qx over the runs; the degrees are tr(Q)² / tr(Q²) (Satterthwaite), which keeps the
    level in simulations from three pairs on.
    """
    rows = []
    for pair in range(n):
        row = [(1 / n if run < n else -1 / n) for run in range(2 * n)]
        row[pair] -= 1
        row[n + pair] += 1
        rows.append(row)
    for pair, side in enumerate(sides):
        if side is not None:
            row = [0.0] * (2 * n)
            row[side * n + pair], row[side * n + pair + 1] = -1.0, 1.0
            rows.append(row)
    # tr(Q²) is the sum of the squared products of the rows.
    trace = sum(x * x for row in rows for x in row)
    square = sum(
        sum(x * y for x, y in zip(one, other, strict=True)) ** 2 for one in rows for other in rows
    )
    return trace, trace**2 / square


def _moments(values: Sequence[float]) -> tuple[float, float]:
    logs = [math.log(value) for value in values]
    mean = sum(logs) / len(logs)
    return mean, sum((x - mean) ** 2 for x in logs) / (len(logs) - 1)


def _cv(variance: float) -> float:
    """The coefficient of variation of a log-normal value."""
    return math.sqrt(math.expm1(min(variance, 100.0)))


def _times(quantile: float, error: float) -> float:
    return 0.0 if error == 0.0 else quantile * error


def _exp(value: float) -> float:
    return math.exp(min(value, 700.0))
