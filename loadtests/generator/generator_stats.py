"""Statistics of the generator, once a second: its lag, its load, the outcomes of turns."""

from __future__ import annotations

from collections import Counter

from loadtests.generator import hdrlog
from loadtests.generator.histogram import Histogram, merged
from reports.records import Outcome, Sample, TurnRecord


class GeneratorStats:
    """Counts between two samples (lag, latency) and since the start (the rest)."""

    def __init__(self) -> None:
        self._turns: Counter[Outcome] = Counter()
        self._begin(0.0)
        self.open = 0
        """Conversations under way."""
        self.started = 0
        self.dropped = 0
        self.late = 0

    def _begin(self, t: float) -> None:
        self._since = t
        self._arrival_lag, self._send_lag = Histogram(), Histogram()
        self._beat_lag, self._latency = Histogram(), Histogram()

    def arrived(self, lag: float) -> None:
        """Count a conversation that began this many seconds after its arrival was due."""
        self._arrival_lag.record(lag)

    def sending(self, lag: float) -> None:
        """Count a later turn that was started this many seconds after it was due."""
        self._send_lag.record(lag)

    def beat(self, lag: float) -> None:
        """Count a tick of the generator's own loop that was this many seconds late."""
        self._beat_lag.record(lag)

    def turn(self, record: TurnRecord) -> None:
        """Count a turn that has ended."""
        self._turns[record.outcome] += 1
        self._latency.record(record.latency)

    def sample(self, t: float, cpu_percent: float, source: str) -> tuple[Sample, bytes]:
        """The sample at run time `t` and the log lines of its interval; begins the next one."""
        lags = merged((self._arrival_lag, self._send_lag, self._beat_lag))
        values = {
            "lag_p50": lags.quantile(0.5),
            "lag_p99": lags.quantile(0.99),
            "lag_max": lags.highest(),
            "cpu_percent": cpu_percent,
            "open_conversations": float(self.open),
            "started": float(self.started),
            "dropped": float(self.dropped),
            "late": float(self.late),
            **{f"turns_{outcome}": float(self._turns[outcome]) for outcome in Outcome},
        }
        return Sample(t, source, values), self.lines(t)

    def lines(self, t: float) -> bytes:
        """The histograms' log lines until run time `t`; begins the next interval."""
        kept = {
            "latency": self._latency,
            "arrival-lag": self._arrival_lag,
            "send-lag": self._send_lag,
        }
        start, seconds = self._since, t - self._since
        self._begin(t)
        return b"".join(
            hdrlog.line(tag, start, seconds, each) for tag, each in kept.items() if each.counts
        )

    def begin(self, t: float) -> None:
        """The first interval begins at run time `t`."""
        self._begin(t)
