"""The timelines of both sides: one time axis from the start of the load, one scale a panel."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from reports.comparison.model import Comparison
from reports.render import document, formatting, panels, series, svg, timeline_marks
from reports.render.panels import LEFT, RIGHT, WIDTH, Panel
from reports.render.series import Timeline
from reports.render.svg import Scale

_COLUMNS = 462
_LATENCY = "Latency, from the intended time"
_HOVER = ("p99", "p50", "turns_ok", "turns_failed", "turns_retried", "redis_bytes")
"""The series that the pointer reads, on both sides."""


def plot(comparison: Comparison) -> str:
    """The chart with its readout; empty when no side recorded a timeline."""
    lines = read(comparison)
    if not lines:
        return ""
    step = max(line.step for line in lines.values())
    start, end = _span(lines)
    times = [start + step * k for k in range(int((end - start) / step + 1e-9))]
    hover = [
        (f"{side} {label}", [write(_at(line, name, t)) for t in times])
        for name, (label, write) in ((name, series.READOUT[name]) for name in _HOVER)
        for side, line in lines.items()
    ]
    return document.plot(draw(lines), [formatting.clock(t) for t in times], times, hover)


def read(comparison: Comparison) -> dict[str, Timeline]:
    """Side → its timeline, with times from the start of its load, where one was recorded."""
    found = {
        side: series.read({"timeline": comparison.timelines.get(side)}, _COLUMNS)
        for side in ("A", "B")
    }
    return {side: _from_load(line) for side, line in found.items() if line is not None}


def _from_load(line: Timeline) -> Timeline:
    begin = line.load_start or 0.0

    def moved(t: float | None) -> float | None:
        return None if t is None else t - begin

    return replace(
        line,
        times=[t - begin for t in line.times],
        load_start=moved(line.load_start),
        load_end=moved(line.load_end),
        phases=[(name, start - begin, end - begin) for name, start, end in line.phases],
        faults=[
            (name, start - begin, end - begin, moved(recovered))
            for name, start, end, recovered in line.faults
        ],
    )


def draw(lines: dict[str, Timeline]) -> str:
    """The chart as one inline `<svg>`."""
    x = Scale(*_span(lines), LEFT, RIGHT)
    drawn: list[str] = []
    y = 0.0
    for panel in _panels(list(lines.values())):
        for side in ("A", "B"):
            line = lines.get(side)
            lanes = y
            if line is not None and panel.title == _LATENCY:
                labels, y = timeline_marks.fault_labels(line, x, y)
                drawn += labels
            shown = replace(panel, title=f"{side} · {panel.title}")
            top, bottom = y + 20, y + 20 + panel.height
            if line is None:
                drawn.append(panels.no_data(top, bottom))
            else:
                drawn += timeline_marks.bands(
                    line, x, top, bottom, lead=top - y if y > lanes else 0
                )
                drawn += timeline_marks.load_edges(line, x, top, bottom)
                drawn.append(panel.draw(line, x, top, bottom))
            drawn.append(panels.heading(shown, y + 13))
            y = bottom + 12
    bottom = y - 12
    grid = timeline_marks.time_grid(x, 0, bottom, "time since the load began, min:s")
    attributes: dict[str, str | float] = {
        "viewBox": f"0 0 {WIDTH} {bottom + 36:.0f}",
        "class": "chart",
        "role": "img",
        "aria-labelledby": "chart-title chart-desc",
        **{"data-left": LEFT, "data-right": RIGHT, "data-top": 0, "data-bottom": bottom},
        **{"data-start": x.low, "data-end": x.high},
    }
    return svg.element(
        "svg",
        attributes,
        '<title id="chart-title">Timelines of A and B</title>',
        f'<desc id="chart-desc">{html.escape(_description(lines))}</desc>',
        panels.PATTERNS,
        *grid,
        *drawn,
    )


def _panels(lines: Sequence[Timeline]) -> list[Panel]:
    """One of each kind; the scale of each covers both sides."""
    return [
        Panel(
            _LATENCY,
            130,
            (("line p99", "p99"), ("line p50", "p50")),
            partial(panels.latency, beside=lines),
        ),
        Panel(
            "Turns per second",
            70,
            (
                ("area-ok", "acknowledged"),
                ("area-info", "indeterminate"),
                ("area-failed", "failed"),
                ("line retried", "retried"),
            ),
            partial(panels.turns, beside=lines),
        ),
        Panel(
            "Redis memory",
            50,
            (("line redis_bytes", "measured"), ("line redis_forecast_bytes", "forecast")),
            partial(panels.redis_memory, beside=lines),
        ),
    ]


def _span(lines: dict[str, Timeline]) -> tuple[float, float]:
    return min(each.times[0] for each in lines.values()), max(each.end for each in lines.values())


def _at(line: Timeline, name: str, t: float) -> float | None:
    """The value of a series at a moment; None outside the run."""
    place = int((t - line.times[0]) / line.step + 1e-9)
    return line.values[name][place] if t >= line.times[0] and place < len(line.times) else None


def _description(lines: dict[str, Timeline]) -> str:
    told = []
    for side, line in lines.items():
        p99 = line.known("p99")
        peak = f"p99 latency peaks at {formatting.seconds(max(p99))}" if p99 else "no latency"
        faults = ", ".join(
            f"{name} at {formatting.clock(start)}" for name, start, _, _ in line.faults
        )
        told.append(f"{side}: {peak}; faults: {formatting.clean(faults) or 'none'}.")
    return " ".join(told)
