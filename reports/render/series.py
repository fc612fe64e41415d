"""The timeline of a result, reduced to the resolution of a chart.

A long run has more steps than a page has columns.  Several steps then share a column: the worst of
them for latency, memory and keys (a spike must stay visible), the mean for rates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reports.render import formatting, view
from reports.render.view import Result

Values = list[float | None]

RATES = ("turns_ok", "turns_info", "turns_failed", "turns_retried")
_MEANS = (*RATES, "p50", "host_cpu_percent")
_WORST = (
    "p99",
    "redis_bytes",
    "redis_forecast_bytes",
    "redis_keys",
    "fleet_rss_bytes",
    "open_conversations",
)
_SAMPLED = (
    "redis_bytes",
    "redis_keys",
    "fleet_rss_bytes",
    "host_cpu_percent",
    "open_conversations",
)

READOUT: dict[str, tuple[str, Callable[[float | None], str]]] = {
    "p99": ("p99", formatting.seconds),
    "p50": ("p50", formatting.seconds),
    "turns_ok": ("acknowledged/s", formatting.count),
    "turns_info": ("indeterminate/s", formatting.count),
    "turns_failed": ("failed/s", formatting.count),
    "turns_retried": ("retried/s", formatting.count),
    "redis_bytes": ("Redis", formatting.size),
    "redis_forecast_bytes": ("Redis, forecast", formatting.size),
    "redis_keys": ("keys", formatting.count),
    "host_cpu_percent": ("CPU %", formatting.count),
}
"""Series → its name in the readout under the pointer, and how its values are written."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Aligned series: `values[name][i]` covers [times[i], times[i] + step)."""

    times: list[float]
    step: float
    """Seconds per column."""
    values: dict[str, Values]
    """Turns are per second."""
    load_start: float | None
    load_end: float | None
    phases: list[tuple[str, float, float]]
    faults: list[tuple[str, float, float, float | None]]
    """(id, start, end, when its target answered again)."""

    @property
    def end(self) -> float:
        """The end of the last column, run time."""
        return self.times[-1] + self.step

    def known(self, name: str) -> list[float]:
        """The measured values of a series."""
        return [value for value in self.values[name] if value is not None]


def read(result: Result, columns: int) -> Timeline | None:
    """The timeline in at most `columns` columns; None when the run recorded none."""
    raw = view.part(result, "timeline")
    times = [float(t) for t in raw.get("t") or ()]
    step = view.number(raw, "step_s") or 1.0
    if not times:
        return None
    width = math.ceil(len(times) / columns)
    values = {
        name: _thin(_series(raw, name, len(times)), width, combine)
        for names, combine in ((_MEANS, _mean), (_WORST, max))
        for name in names
    }
    for name in _SAMPLED:
        values[name] = _bridged(values[name])
    for name in RATES:
        values[name] = [None if value is None else value / step for value in values[name]]
    return Timeline(
        times=times[::width],
        step=step * width,
        values=values,
        load_start=view.number(raw, "load_start"),
        load_end=view.number(raw, "load_end"),
        phases=[
            (str(phase.get("name")), phase["start"], phase["end"])
            for phase in raw.get("phases") or ()
        ],
        faults=sorted(
            (
                (str(fault.get("id")), fault["start"], fault["end"], fault.get("recovered_at"))
                for fault in raw.get("faults") or ()
            ),
            key=lambda fault: fault[1],
        ),
    )


def _series(raw: dict[str, Any], name: str, length: int) -> Values:
    values = list(raw.get(name) or ())[:length]
    return values + [None] * (length - len(values))


def _thin(values: Values, width: int, combine: Callable[[Sequence[float]], float]) -> Values:
    thinned: Values = []
    for start in range(0, len(values), width):
        known = [value for value in values[start : start + width] if value is not None]
        thinned.append(combine(known) if known else None)
    return thinned


def _bridged(values: Values) -> Values:
    """Fill single missing steps, since a sampler that reads once a step sometimes misses one.

    Two missing steps in a row stay a gap, because then there was no answer.
    """
    bridged = list(values)
    for index in range(1, len(values) - 1):
        before, after = values[index - 1], values[index + 1]
        if values[index] is None and before is not None and after is not None:
            bridged[index] = before
    return bridged


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
