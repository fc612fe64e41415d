"""`GET /metrics`: a replica's metrics for Prometheus.

Turns update plain integers, which become metrics only at a scrape.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from target_service.model import model_time
from target_service.server.loop_lag import LoopLag
from target_service.sessions.service import RedisSessionService
from target_service.turns.counts import Counts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The content type of `prometheus_client.generate_latest`."""


def registry(lag: LoopLag, guarded: tuple[Counts, RedisSessionService] | None) -> CollectorRegistry:
    """All metrics of this replica; `guarded`: the turn guard and its sessions."""
    numbers = CollectorRegistry()
    if guarded is not None:
        numbers.register(_Turns(*guarded))
    numbers.register(_Process(lag))
    return numbers


class _Process(Collector):
    """Metrics of the event loop and of the model."""

    def __init__(self, lag: LoopLag) -> None:
        self._lag = lag

    def collect(self) -> Iterator[Metric]:
        """Called by prometheus_client at a scrape."""
        model = model_time.SPENT
        yield GaugeMetricFamily(
            "diya_event_loop_lag_seconds",
            "Largest lag of the event loop within about five seconds.",
            self._lag.worst(),
        )
        yield CounterMetricFamily(
            "diya_model_calls", "Requests to the scripted model.", model.calls
        )
        yield CounterMetricFamily(
            "diya_model_seconds", "Time that turns waited for the scripted model.", model.seconds
        )


class _Turns(Collector):
    """Metrics of turns and of the cache of sessions."""

    def __init__(self, counts: Counts, sessions: RedisSessionService) -> None:
        self._counts = counts
        self._sessions = sessions

    def collect(self) -> Iterator[Metric]:
        """Called by prometheus_client at a scrape."""
        cache = self._sessions.cache_stats()
        yield GaugeMetricFamily(
            "diya_turns_in_flight", "Turns running now.", self._counts.in_flight
        )
        yield GaugeMetricFamily(
            "diya_turns_in_flight_limit",
            "The most turns that run at once.",
            self._counts.most_in_flight,
        )
        turns = CounterMetricFamily("diya_turns", "Requests for a turn, by end.", labels=["result"])
        for result, number in self._counts.results.items():
            turns.add_metric([result], number)
        yield turns
        yield CounterMetricFamily(
            "diya_session_cache_hits",
            "Reads for which a cached history was still a prefix.",
            cache.hits,
        )
        yield CounterMetricFamily(
            "diya_session_cache_misses", "Reads that fetched the whole history.", cache.misses
        )
        yield GaugeMetricFamily("diya_session_cache_entries", "Cached histories.", cache.entries)
        yield GaugeMetricFamily(
            "diya_session_cache_bytes", "Memory of the cached histories, estimated.", cache.bytes
        )
