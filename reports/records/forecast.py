"""`forecast.json`: the forecast of Redis's memory, computed before the load."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.records.errors import HistoryError

FILE = "forecast.json"
_MOST = 1e18
"""Limits on the bytes and the seconds of a valid forecast."""


@dataclass(frozen=True, slots=True)
class MemoryForecast:
    """Bytes in Redis over equal steps from the start of the load."""

    step_s: float
    redis_bytes: tuple[float, ...]

    @property
    def peak(self) -> float:
        """The most, bytes."""
        return max(self.redis_bytes)

    def points(self, load_start: float, step_s: float) -> list[tuple[float, float]]:
        """(run time, bytes), a point every `step_s` seconds from the start of the load."""
        seconds = self.step_s * len(self.redis_bytes)
        moments = (number * step_s for number in range(math.ceil(seconds / step_s)))
        return [(load_start + t, self.redis_bytes[int(t / self.step_s)]) for t in moments]


def read(run_dir: Path) -> MemoryForecast | None:
    """Read it; None: the run has none (an older run, or a service of unknown sizes).

    Raises HistoryError when the file exists and is not a forecast.
    """
    path = run_dir / FILE
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise HistoryError(f"{path}: not JSON: {error}") from None
    if not isinstance(values, dict) or values.get("schema_version") != 1:
        raise HistoryError(f"{path}: must be a JSON object of schema_version 1")
    step, sizes = values.get("step_s", 0), values.get("redis_bytes")
    if not _is_amount(step) or step <= 0:
        raise HistoryError(f"{path}: step_s must be seconds above 0")
    if not isinstance(sizes, list) or not sizes or not all(map(_is_amount, sizes)):
        raise HistoryError(f"{path}: redis_bytes must be a list of sizes, at least one")
    return MemoryForecast(float(step), tuple(map(float, sizes)))


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MOST
