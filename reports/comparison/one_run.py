"""The change from several runs to one new run, as a baseline in CI has it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from reports.comparison.statistics import Estimate

FEWEST = 3
"""Runs of the baseline: fewer do not show their own spread."""


def against(baseline: Sequence[float], new: float) -> Estimate | None:
    """The change from the baseline's mean to the new run, on logarithms.

    The new run is taken to have the spread of the baseline's runs, so that its interval is the
    prediction interval of the next run of the baseline.  The values are above 0.  None with fewer
    than three runs of the baseline.
    """
    n = len(baseline)
    if n < FEWEST:
        return None
    logs = [math.log(value) for value in baseline]
    deviation = stdev(logs)
    return Estimate(
        n=1,
        paired=False,
        change=math.log(new) - fmean(logs),
        error=deviation * math.sqrt(1 + 1 / n),
        freedom=float(n - 1),
        spread=math.sqrt(math.expm1(min(deviation**2, 100.0))),
    )
