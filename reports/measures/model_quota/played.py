"""How a quota of the sale looks in a run, which plays the sale in less time and maybe smaller.

Rates a second are those of the sale: 240 sale seconds pass in one second of a default run, with the
calls of one.  So a sale minute has its share of the quota in a quarter of a second.  Chance would
decide about so few calls, so the quota is held over `SHORTEST_S` at least, and over a window with
`FEWEST` calls: a flash that is shorter than that is averaged.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.measures.model_quota.presets import Quota

MINUTE_S = 60.0
SHORTEST_S = 5.0
"""As the peak of a profile is averaged."""
FEWEST = 20


@dataclass(frozen=True, slots=True)
class Played:
    """The load of a run beside the sale that it stands for."""

    compression: float = 1.0
    """Sale seconds in a second of the run."""
    factor: float = 1.0
    """The size of the load, as a share of the sale's."""

    def window_s(self, quota: Quota | None = None) -> float:
        """The seconds of the run over which calls are counted, at most a minute."""
        least = max(MINUTE_S / self.compression, SHORTEST_S)
        if quota is not None:
            least = max(least, MINUTE_S * FEWEST / (quota.requests * self.factor))
        return min(MINUTE_S, least)

    def a_minute(self, amount: float, window_s: float) -> float:
        """So much in a window of the run, as a rate a minute of the whole sale."""
        return amount * MINUTE_S / window_s / self.factor

    def in_window(self, limit: int, window_s: float) -> float:
        """A limit a minute of the sale, as the most in a window of the run."""
        return limit * self.factor * window_s / MINUTE_S

    def words(self, window_s: float) -> str:
        """The window in a sentence."""
        stands_for = window_s * self.compression / MINUTE_S
        sale = f", {stands_for:.3g} min of the sale" if self.compression > 1 else ""
        size = f"; this run is {self.factor:g} × the sale" if self.factor != 1 else ""
        return f"over {window_s:.3g} s of the run{sale}{size}"
