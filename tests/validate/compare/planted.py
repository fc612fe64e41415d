"""Changes that are planted into the results of side B: their size and direction are known."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

Result = dict[str, Any]
Plant = Callable[[Result], Result]

FIGURES = {
    "cpu_per_turn": ("costs", "replica_cpu_s_per_turn"),
    "redis_us_per_turn": ("costs", "redis_cpu_s_per_turn"),
    "bytes_per_session": ("costs", "redis_bytes_per_session"),
    "redis_trips_per_turn": ("costs", "redis_trips_per_turn"),
    "redis_bytes_per_turn": ("costs", "redis_bytes_per_turn"),
    "p50": ("latency", "steady", "p50"),
    "p99": ("latency", "steady", "p99"),
}
"""Key of a figure → its place in a result."""
_TIMES = ("p50", "p90", "p95", "p99", "p999", "max", "first_token_p50", "first_token_p99")
OTHER_MACHINE = "0" * 12
LOST_TURNS = 1
LIMIT = "latency.steady_p99"


def unchanged(result: Result) -> Result:
    """An A/A comparison."""
    return result


def cpu(factor: float) -> Plant:
    """Every turn costs so many times the CPU."""

    def planted(result: Result) -> Result:
        changed = copy.deepcopy(result)
        folder, key = FIGURES["cpu_per_turn"]
        changed[folder][key] *= factor
        return changed

    return planted


def slower(factor: float) -> Plant:
    """Every turn takes so many times as long."""
    return _times(lambda seconds: seconds * factor)


def later(seconds: float) -> Plant:
    """Every turn takes so much longer (less long: negative)."""
    return _times(lambda before: before + seconds)


def _times(changed_time: Callable[[float], float]) -> Plant:
    def planted(result: Result) -> Result:
        changed = copy.deepcopy(result)
        for row in changed["latency"].values():
            for key in _TIMES:
                if row.get(key) is not None:
                    row[key] = changed_time(row[key])
        return changed

    return planted


def losing(result: Result) -> Result:
    """One acknowledged turn was lost."""
    changed = copy.deepcopy(result)
    changed["continuity"]["lost"] = LOST_TURNS
    for gate in changed["gates"]:
        if gate["name"] == "continuity.lost":
            gate |= {
                "status": "fail",
                "value": LOST_TURNS,
                "summary": "1 acknowledged turn is lost",
            }
    return changed | {"verdict": "NO-GO", "exit_code": 99, "headline": "1 turn was lost"}


def at_its_limit(result: Result) -> Result:
    """The p99 is at its limit: in every other run, by chance, its gate fails."""
    changed = copy.deepcopy(result)
    if random.Random(f"limit/{result['started']}").random() < 0.5:
        changed |= {"verdict": "NO-GO", "exit_code": 99}
        for gate in changed["gates"]:
            if gate["name"] == LIMIT:
                gate |= {"status": "fail", "value": 2.01, "limit": 2.0}
    return changed


def elsewhere(result: Result) -> Result:
    """Played on another machine."""
    changed = copy.deepcopy(result)
    changed["environment"]["machine"] = OTHER_MACHINE
    return changed
