"""The generator's own condition, once a second: lag, load, what came of the turns."""

from __future__ import annotations

import math
from collections import Counter

from reports.records import Outcome, Sample


class Tally:
    """Counts between two samples (lag) and since the start (the rest)."""

    def __init__(self) -> None:
        self._lags: list[float] = []
        self._turns: Counter[Outcome] = Counter()
        self.open = 0
        """Conversations under way."""
        self.started = 0
        self.dropped = 0
        self.late = 0

    def lag(self, seconds: float) -> None:
        """Something happened this much later than it was due."""
        self._lags.append(max(0.0, seconds))

    def turn(self, outcome: Outcome) -> None:
        """A turn has ended."""
        self._turns[outcome] += 1

    def sample(self, t: float, cpu_percent: float, source: str) -> Sample:
        """The sample at run time `t`; begins the next interval."""
        lags = sorted(self._lags) or [0.0]
        self._lags = []
        return Sample(
            t,
            source,
            {
                "lag_p50": _rank(lags, 0.5),
                "lag_p99": _rank(lags, 0.99),
                "lag_max": lags[-1],
                "cpu_percent": cpu_percent,
                "open_conversations": float(self.open),
                "started": float(self.started),
                "dropped": float(self.dropped),
                "late": float(self.late),
                **{f"turns_{outcome}": float(self._turns[outcome]) for outcome in Outcome},
            },
        )


def _rank(ordered: list[float], quantile: float) -> float:
    """The nearest-rank quantile of a sorted list."""
    return ordered[max(0, math.ceil(quantile * len(ordered)) - 1)]
