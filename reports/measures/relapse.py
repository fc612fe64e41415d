"""Decides which disturbed turns after a fault are still caused by it.

In every service some turns are disturbed without a fault.  So a fault is over when no more turns
are disturbed than usual, not when none is.  The end is the point up to which the disturbed turns
exceed the usual share most clearly: the maximum of the likelihood ratio

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
"""Turns disturbed later after the healing are not caused by the fault, seconds; four times the
limit on the recovery, if that is longer."""
CLEAR = 6.0
"""Chance alone exceeds it after about one fault of 1,000 (see `tests.bench.gate_statistics`)."""
CALM_S = 5.0
"""This many seconds without a disturbed turn end a fault's impact, ..."""
CALM_TURNS = 59
"""... once they hold this many turns: 5 % disturbed turns would have shown with 95 % confidence."""


def turns_felt(
    disturbed: Sequence[tuple[float, float]],
    dues: Sequence[float],
    healed: float,
    usual: float,
) -> int:
    """The number of disturbed turns after the healing, from the first on, caused by the fault.

    `disturbed` holds (due, done) of each, ordered by due time; `dues` the due times of all turns,
    ascending.  `usual` is the share of turns disturbed without a fault, above 0.
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
    """The number of next disturbed turns that exceed the usual share most clearly; 0: none."""
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
    """The log-likelihood ratio of `bad` of `turns` at their own share against the usual one."""
    share = bad / turns
    if share <= usual:
        return 0.0
    excess = bad * math.log(share / usual)
    if bad < turns:
        excess += (turns - bad) * math.log((1 - share) / (1 - usual))
    return excess
