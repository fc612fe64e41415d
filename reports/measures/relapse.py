"""Which of the disturbed turns after a fault are still the fault's.

In every service some turns are disturbed without a fault.  So a fault is over not when no turn is
disturbed any more, but when no more of them are than usual.  The end is sought as the point up to
which the disturbed turns exceed the usual share most clearly: the maximum of the likelihood ratio

    k·ln(p / u) + (n − k)·ln((1 − p) / (1 − u)),     p = k / n,

where `k` of the `n` turns due until then were disturbed and `u` is the usual share.  It counts when
it exceeds `CLEAR`; then the turns after it are searched in the same way, since a weak tail may
follow a strong beginning.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

LONGEST_S = 60.0
"""What is disturbed later after the healing is not the fault's, seconds; four times the limit on
the recovery, where that is longer."""
CLEAR = 6.0
"""Chance alone exceeds it after about one fault of 1,000 (see `tests.bench.gate_statistics`)."""
CALM_S = 5.0
"""So many seconds without a disturbed turn end a fault, ..."""
CALM_TURNS = 59
"""... once they hold so many turns: 5 % disturbed turns would have shown with 95 % confidence."""


def turns_felt(
    disturbed: Sequence[tuple[float, float]],
    dues: Sequence[float],
    healed: float,
    usual: float,
) -> int:
    """How many of the disturbed turns after the healing, from the first on, are the fault's.

    `disturbed` holds when each of them was due and done, by when it was due; `dues` when all turns
    were due, ascending.  `usual` is the share of turns that are disturbed without a fault, more
    than 0.
    """
    felt = 0
    since = healed
    while more := _clearest(disturbed[felt:], dues, since, usual):
        felt += more
        since = disturbed[felt - 1][0]
    return felt


def _clearest(
    disturbed: Sequence[tuple[float, float]], dues: Sequence[float], since: float, usual: float
) -> int:
    """How many of the next disturbed turns exceed the usual share most clearly; 0: none do."""
    start = before = bisect_right(dues, since)
    clearest, count, calm_since = CLEAR, 0, since
    for number, (due, done) in enumerate(disturbed, 1):
        turns = bisect_right(dues, due)
        if due - calm_since > CALM_S and turns - before > CALM_TURNS:
            break
        excess = _excess(number, max(turns - start, number), usual)
        if excess > clearest:
            clearest, count = excess, number
        calm_since, before = max(calm_since, done), turns
    return count


def _excess(bad: int, turns: int, usual: float) -> float:
    """By how much more likely `bad` of `turns` are at their own share than at the usual one, ln."""
    share = bad / turns
    if share <= usual:
        return 0.0
    excess = bad * math.log(share / usual)
    if bad < turns:
        excess += (turns - bad) * math.log((1 - share) / (1 - usual))
    return excess
