"""Confidence intervals of shares and percentiles, and the rule by which gates use them.

A gate on a share asks whether more than `limit` of the turns are bad; a gate on the 99th percentile
asks whether more than 1 % are slower than the limit.  Both are answered by one binomial model:
`bad` of `turns` turns, each bad with the same probability.

The intervals are exact: Clopper and Pearson (1934) for a share, order statistics for a percentile.
They hold the true value with a probability of at least `CONFIDENCE`, an equal part of the rest on
each side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from reports.records import Status

CONFIDENCE = 0.95
SLOW_SHARE = 0.01
"""The share of turns that a limit on the 99th percentile allows to be slower."""
ENOUGH = 3.0
"""A sample is large enough for a share if it would hold this many bad turns at the limit: 300 turns
for 1 %, 3,000 for 0.1 %.  (If none of 3/q turns is bad, it is below q with 95 % confidence.)"""

_EPSILON = 1e-14
_TINY = 1e-300
_MOST_STEPS = 100_000


def binomial_tail(bad: int, turns: int, share: float) -> float:
    """The probability that at least `bad` of `turns` turns are bad, each with probability `share`.

    Raises ValueError unless 0 <= bad <= turns and 0 <= share <= 1.
    """
    if not 0 <= bad <= turns:
        raise ValueError(f"bad must be from 0 to {turns}, got {bad}")
    if not 0 <= share <= 1:
        raise ValueError(f"share must be from 0 to 1, got {share}")
    if bad == 0 or share == 1:
        return 1.0
    return _incomplete_beta(bad, turns - bad + 1, share) if share else 0.0


def share_interval(bad: int, turns: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The Clopper-Pearson interval of the share, from `bad` of `turns` turns.

    Raises ValueError unless 0 <= bad <= turns and turns > 0.
    """
    if turns <= 0:
        raise ValueError(f"turns must be more than 0, got {turns}")
    outside = (1 - confidence) / 2
    low = _root(lambda share: binomial_tail(bad, turns, share) - outside) if bad else 0.0
    if bad == turns:
        return low, 1.0
    return low, _root(lambda share: binomial_tail(bad + 1, turns, share) - (1 - outside))


def percentile_interval(
    ordered: Sequence[float], p: float, confidence: float = CONFIDENCE
) -> tuple[float, float | None]:
    """The interval of the p-th percentile, from a sample of ascending values.

    Its ends are two of the values.  The upper end is None when the sample is too small for one: a
    p99 needs 368 values, since fewer may all lie below it.
    Raises ValueError when there are no values, or unless 0 < p < 100.
    """
    if not ordered:
        raise ValueError("values must not be empty: a percentile of nothing is not a number")
    if not 0 < p < 100:
        raise ValueError(f"p must be more than 0 and less than 100, got {p}")
    turns, above, outside = len(ordered), 1 - p / 100, (1 - confidence) / 2
    # This many values or more above the percentile are not chance.
    many = _first(turns + 1, lambda n: n > turns or binomial_tail(n, turns, above) <= outside)
    # Fewer than `few` values above the percentile are not chance either.
    few = _first(turns, lambda n: 1 - binomial_tail(n + 1, turns, above) > outside)
    low = ordered[max(turns - many, 0)]
    return low, ordered[turns - few] if few else None


def judge_share(bad: int, turns: int, limit: float) -> Status:
    """Whether `bad` of `turns` turns keep a limit on the share of bad turns.

    FAIL when the whole interval is beyond the limit.  PASS when the share is within it and the
    sample is large enough (`ENOUGH`), or when none is bad.  Otherwise UNKNOWN: too few to tell.
    """
    if bad and binomial_tail(bad, turns, limit) <= (1 - CONFIDENCE) / 2:
        return Status.FAIL
    allowed = limit * turns
    # Rounding may make the product slightly less than its exact whole number.
    if bad == 0 or (is_enough(turns, limit) and bad <= allowed + 1e-9):
        return Status.PASS
    return Status.UNKNOWN


def is_enough(turns: int, limit: float) -> bool:
    """Whether this many turns can distinguish a share at the limit from zero."""
    return turns * limit >= ENOUGH - 1e-9


def _first(stop: int, holds: Callable[[int], bool]) -> int:
    """The smallest number from 0 for which a monotone predicate holds; `stop` if for none."""
    low, high = 0, stop
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _root(rising: Callable[[float], float]) -> float:
    """The zero of an increasing function in [0, 1], by bisection."""
    low, high = 0.0, 1.0
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, 0 < x < 1: the tail of a binomial."""
    if x > (a + 1) / (a + b + 2):
        # The continued fraction converges faster on the other side.
        return 1 - _incomplete_beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return front * _continued_fraction(a, b, x) / a


def _continued_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method.

    Its numerators alternate between two series, for m = 1, 2, ...:
    m(b − m)x / ((a + 2m − 1)(a + 2m)) and −(a + m)(a + b + m)x / ((a + 2m)(a + 2m + 1)).
    """
    upper, lower = 1.0, 1 / _kept_from_zero(1 - (a + b) * x / (a + 1))
    value = lower
    for m in range(1, _MOST_STEPS):
        at = a + 2 * m
        even = m * (b - m) * x / ((at - 1) * at)
        odd = -(a + m) * (a + b + m) * x / (at * (at + 1))
        for numerator in (even, odd):
            lower = 1 / _kept_from_zero(1 + numerator * lower)
            upper = _kept_from_zero(1 + numerator / upper)
            change = lower * upper
            value *= change
        if abs(change - 1) < _EPSILON:
            return value
    raise ArithmeticError(f"the beta function of {a} and {b} at {x} did not converge")


def _kept_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
