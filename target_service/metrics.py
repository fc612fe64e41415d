"""`GET /metrics`: a replica's numbers as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Mapping

from target_service.sessions.service import RedisSessionService
from target_service.turns.counts import Counts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(counts: Counts, sessions: RedisSessionService) -> str:
    """All metrics, in Prometheus' text format."""
    cache = sessions.cache_stats()
    results = {f'{{result="{result}"}}': number for result, number in counts.results.items()}
    return "".join(
        (
            _metric("diya_turns_in_flight", "gauge", "Turns running now.", {"": counts.in_flight}),
            _metric("diya_turns_total", "counter", "Requests for a turn, by end.", results),
            _metric(
                "diya_session_cache_hits_total",
                "counter",
                "Reads for which a cached history was still a prefix.",
                {"": cache.hits},
            ),
            _metric(
                "diya_session_cache_misses_total",
                "counter",
                "Reads that fetched the whole history.",
                {"": cache.misses},
            ),
            _metric(
                "diya_session_cache_entries", "gauge", "Cached histories.", {"": cache.entries}
            ),
            _metric(
                "diya_session_cache_bytes",
                "gauge",
                "Memory of the cached histories, estimated.",
                {"": cache.bytes},
            ),
        )
    )


def _metric(name: str, kind: str, told: str, values: Mapping[str, int]) -> str:
    lines = [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]
    lines += [f"{name}{labels} {value}" for labels, value in values.items()]
    return "\n".join(lines) + "\n"
