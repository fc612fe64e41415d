"""The load at which as many turns miss the SLO as the limit on the p99 allows.

One short probe tells the share of missed turns only roughly, because slow turns come in bursts.
The share rises steeply with the load, about exponentially near its limit, so that a straight line
through its logarithm over all probes tells the limit better than each of them.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from reports.capacity.findings import Probe
from reports.measures.intervals import SLOW_SHARE

_LEAST, _MOST = SLOW_SHARE / 30, SLOW_SHARE * 15
"""Shares outside of this range are too far from the limit for a straight line."""
_FEWEST = 3


def limit_by_missed(probes: Sequence[Probe]) -> float | None:
    """Turns a second at which 1 % miss the SLO; None unless probes on both sides tell it."""
    known = [
        (probe.offered, probe.missed_share)
        for probe in probes
        if probe.offered and probe.missed_share and _LEAST <= probe.missed_share <= _MOST
    ]
    shares = [share for _, share in known]
    if len(known) < _FEWEST or not min(shares) <= SLOW_SHARE < max(shares):
        return None
    rates = [rate for rate, _ in known]
    if len(set(rates)) < 2:
        return None
    slope, start = statistics.linear_regression(rates, [math.log(share) for share in shares])
    if slope <= 0:
        return None
    found = (math.log(SLOW_SHARE) - start) / slope
    return min(max(found, min(rates)), max(rates))
