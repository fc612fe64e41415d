"""Results of a folder: a stored one, again and again with other figures."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from tests.reports.conftest import stored

GO = stored("go")
NOISE = (0.6, -1.1, 0.2, 1.3, -0.4, -0.9, 1.0, 0.1, -1.4, 0.5, 0.9, -0.3, -0.8, 1.2, -0.2, 0.4)
"""Fixed deviations, about one standard deviation wide."""


def a_result(day: int, **figures: float) -> dict[str, Any]:
    """A run of that day of November; `p99`, `cpu` in seconds, `redis_bytes` in bytes, a turn."""
    result = copy.deepcopy(GO)
    result["run_id"] = f"{day:012x}"
    result["name"] = f"202611{day:02d}T133000Z-diwali-7"
    result["started"] = f"2026-11-{day:02d}T13:30:00Z"
    result["environment"]["machine"] = "a" * 12
    result["latency"]["steady"]["p99"] = figures.get("p99", 0.4)
    result["costs"] = {
        "replica_cpu_s_per_turn": figures.get("cpu", 0.028),
        "redis_bytes_per_turn": figures.get("redis_bytes", 2300.0),
    }
    return result


def stepped(days: int, at: int, step: float, spread: float = 0.02) -> list[dict[str, Any]]:
    """One run a day; p99 is higher by the share `step` from index `at` on."""
    return [
        a_result(day + 1, p99=0.4 * (1 + spread * NOISE[day % 16]) * (1 + step if day >= at else 1))
        for day in range(days)
    ]


def placed(results: Sequence[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Each result with the path of its folder."""
    return [(result["name"], result) for result in results]
