"""Hand-written sides: results with the keys that a comparison reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from reports.comparison.sides import SideRuns, of_results
from reports.gates import GATES

BEGIN = datetime(2026, 11, 27, 18, tzinfo=UTC).timestamp()
STEP_S = 120.0
"""From the start of a run to the start of the next."""


def result(at: float, seed: int = 41, **values: Any) -> dict[str, Any]:
    """A sound run that began `at` steps after the first, with these figures, else usual ones."""
    started = datetime.fromtimestamp(BEGIN + at * STEP_S, UTC)
    fields: dict[str, Any] = {
        "schema_version": 1,
        "name": f"{started:%Y%m%dT%H%M%SZ}-smoke-{seed}",
        "started": started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "verdict": "GO",
        "seed": seed,
        "gates": [gate("continuity.lost"), gate("continuity.duplicated"), gate("recovery.time")],
        "continuity": {"lost": 0, "duplicated": 0},
        "latency": {"steady": {"count": 900, "p50": 0.16, "p99": 0.24}},
        "error_budget": {"spent": 0.0},
        "faults": [
            {"id": "kill-redis-1", "took_hold": True, "recovery_s": 1.5, "worst_outage_s": 1.6}
        ],
        "memory": {"ttl_seconds": 30.0},
        "costs": costs(),
        "environment": environment(),
        "profile": {"name": "smoke", "load": {"base_rate": 2.0}, "slo": {"steady_p99_s": 2.0}},
        "sizing": {"factor": 1.0},
        "experiment": {"path": "smoke", "planned": ["kill-redis-1"]},
        "timeline": {"t": [0.0, 1.0]},
    }
    return {**fields, **values}


def costs(**values: float | None) -> dict[str, float | None]:
    """The costs of a run."""
    usual = {
        "replica_cpu_s_per_turn": 0.0114,
        "redis_cpu_s_per_turn": 0.0002,
        "redis_trips_per_turn": 4.0,
        "redis_bytes_per_turn": 2400.0,
        "redis_bytes_per_session": 9000.0,
    }
    return {**usual, **values}


def environment(**values: Any) -> dict[str, Any]:
    """The environment of a run."""
    usual = {
        "machine": "5c1f0a92e7b4",
        "cpu": "A processor",
        "cores": 2,
        "memory_bytes": 8_000_000_000,
        "sessions": "redis",
        "compression": 240.0,
        "versions": {"redis": "8.1.0"},
    }
    return {**usual, **values}


def gate(name: str, status: str = "pass", value: float = 0.0, phase: str = "run") -> dict[str, Any]:
    """A gate as in a result."""
    assert name in GATES
    return {"name": name, "status": status, "value": value, "phase": phase}


def in_turns(number: int, **of_b: Any) -> tuple[SideRuns, SideRuns]:
    """So many pairs in the order A B B A …; B has these values, or is the same."""
    order = [(2 * k, 2 * k + 1) if k % 2 == 0 else (2 * k + 1, 2 * k) for k in range(number)]
    return (
        side([result(a) for a, _ in order], "A"),
        side([result(b, **of_b) for _, b in order], "B"),
    )


def side(results: Sequence[dict[str, Any]], label: str = "A") -> SideRuns:
    """A side of these results."""
    return of_results(results, f"runs/{label}")
