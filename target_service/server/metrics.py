"""`GET /metrics`: a replica's numbers as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Mapping

from target_service.model import model_time
from target_service.server.loop_lag import LoopLag
from target_service.sessions.service import RedisSessionService
from target_service.turns.counts import Counts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(lag: LoopLag, guarded: tuple[Counts, RedisSessionService] | None) -> str:
    """All metrics, in Prometheus' text format; `guarded`: the turns and sessions that are ours."""
    model = model_time.SPENT
    own = "" if guarded is None else _of_turns(*guarded)
    return own + "".join(
        (
            _metric(
                "diya_event_loop_lag_seconds",
                "gauge",
                "The most that the event loop was late within about five seconds.",
                {"": lag.worst()},
            ),
            _metric(
                "diya_model_calls_total",
                "counter",
                "Requests to the scripted model.",
                {"": model.calls},
            ),
            _metric(
                "diya_model_seconds_total",
                "counter",
                "What turns waited for the scripted model.",
                {"": model.seconds},
            ),
        )
    )


def _of_turns(counts: Counts, sessions: RedisSessionService) -> str:
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


def _metric(name: str, kind: str, told: str, values: Mapping[str, float]) -> str:
    lines = [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]
    # No exponents: a small lag is 0.000042.
    shown = {label: str(v) if isinstance(v, int) else f"{v:.6f}" for label, v in values.items()}
    lines += [f"{name}{labels} {value}" for labels, value in shown.items()]
    return "\n".join(lines) + "\n"
