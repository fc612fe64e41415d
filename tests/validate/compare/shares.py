"""The share of comparisons that say something, with limits that respect the number of pairs.

Comparisons that share pairs are not independent, however many there are.  Two upper limits of the
true share are given, both one-sided at 97.5 % (the upper end of a 95 % interval):

- `by_blocks` counts only as many comparisons as fit into the pairs without sharing one.  The mean
  over all pairings is at least as close to the truth as the mean over these (Hoeffding 1963), so
  that the limit holds whatever the runs are like.  It is wide: with no alarm it is below 5 % from
  72 disjoint comparisons on.
- `by_pairs` estimates how much the share depends on single pairs, by leaving out one at a time
  (the jackknife), and counts as many comparisons as would vary so much if they were independent.
  None where the share is 0 or 1, of which nothing can be estimated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tests.validate.compare.pairings import Pairing

_OUTSIDE = 0.025


@dataclass(frozen=True)
class Share:
    """A share over pairings."""

    value: float
    comparisons: int
    """That were made."""
    blocks: int
    """Comparisons that fit into the pairs without sharing one."""
    effective: float | None
    """Independent comparisons that would vary as much; None: not known."""

    @property
    def by_blocks(self) -> tuple[float, float]:
        """The interval that assumes nothing but independent pairs."""
        return interval(self.value, self.blocks)

    @property
    def by_pairs(self) -> tuple[float, float] | None:
        """The interval by leaving out one pair at a time; None where nothing varies."""
        return None if self.effective is None else interval(self.value, self.effective)


def share(made: Sequence[Pairing], holds: Sequence[bool], blocks: int) -> Share:
    """The share of the pairings for which something holds.  Raises ValueError without pairings."""
    if not made:
        raise ValueError("pairings must not be empty")
    value = sum(holds) / len(made)
    return Share(value, len(made), blocks, _effective(made, holds, value, blocks))


def _effective(
    made: Sequence[Pairing], holds: Sequence[bool], value: float, blocks: int
) -> float | None:
    places = {place for each in made for place in each.pairs}
    if value in (0.0, 1.0):
        return None
    without = []
    for left_out in places:
        rest = [held for each, held in zip(made, holds, strict=True) if left_out not in each.pairs]
        if not rest:
            return None
        without.append(sum(rest) / len(rest))
    mean, count = sum(without) / len(without), len(without)
    variance = (count - 1) / count * sum((each - mean) ** 2 for each in without)
    if not variance:
        return float(blocks)
    return max(float(blocks), min(float(len(made)), value * (1 - value) / variance))


def interval(value: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a share, from the mean of n independent comparisons, by Chernoff."""
    return 1 - _upper(1 - value, n), _upper(value, n)


def _upper(value: float, n: float) -> float:
    """The largest true share under which a mean this low is not yet less likely than 2.5 %."""
    low, high = value, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if n * _divergence(value, middle) <= -math.log(_OUTSIDE):
            low = middle
        else:
            high = middle
    return high


def _divergence(a: float, b: float) -> float:
    """Kullback-Leibler's, of a coin of a from one of b."""
    if b >= 1:
        return 0.0 if a >= 1 else math.inf
    found = 0.0 if a == 0 else a * math.log(a / b)
    return found + (0.0 if a == 1 else (1 - a) * math.log((1 - a) / (1 - b)))


def blocks_needed(limit: float) -> int:
    """Disjoint comparisons without an alarm, so that the upper limit is below this."""
    return math.floor(math.log(_OUTSIDE) / math.log1p(-limit)) + 1
