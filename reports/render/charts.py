"""The timeline chart: stacked panels on one time axis, with the faults across all of them."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.render import formatting, series, svg, view
from reports.render.series import Timeline
from reports.render.svg import Scale
from reports.render.view import Result

WIDTH = 1000
LEFT, RIGHT = 64, 988
"""The plotted part of every panel; report.js reads it from the SVG's data attributes."""

_COLUMNS = 462
_LANE = 15
_CHAR = 6.1
"""Width of a label's character at the chart's font size, rounded up so that labels never touch."""
_MAX_LANES = 6
_LOG_FROM = 25.0
"""Latency is drawn on a logarithmic scale when its spread is wider than this factor."""


@dataclass(frozen=True, slots=True)
class _Panel:
    title: str
    height: float
    legend: tuple[tuple[str, str], ...]
    """(class of the line or area, label)."""
    draw: Callable[[Timeline, Scale, float, float], str]
    """(timeline, time scale, top, bottom) to SVG."""


def timeline(result: Result) -> str:
    """The chart as one inline `<svg>`; empty when the run recorded no timeline."""
    line = series.read(result, _COLUMNS)
    if line is None:
        return ""
    x = Scale(line.times[0], line.end, LEFT, RIGHT)
    labels, y = _fault_labels(line, x)
    strip = _phase_strip(line, x, y)
    y += 30
    panels = _panels(result)
    top = y
    drawn: list[str] = []
    for panel in panels:
        bottom = y + 20 + panel.height
        drawn.append(_heading(panel, y + 13))
        drawn.append(panel.draw(line, x, y + 20, bottom))
        y = bottom + 12
    bottom = y - 12
    axis = _time_axis(line, x, top, bottom)
    bands = _bands(line, x, top, bottom)
    attributes: dict[str, str | float] = {
        "viewBox": f"0 0 {WIDTH} {bottom + 36:.0f}",
        "class": "chart",
        "role": "img",
        "aria-labelledby": "chart-title chart-desc",
        "data-left": LEFT,
        "data-right": RIGHT,
        "data-top": top,
        "data-bottom": bottom,
        "data-start": line.times[0],
        "data-end": line.end,
    }
    return svg.element(
        "svg",
        attributes,
        '<title id="chart-title">Timeline of the run</title>',
        f'<desc id="chart-desc">{html.escape(_description(line))}</desc>',
        _PATTERNS,
        *bands,
        *axis,
        strip,
        *drawn,
        *labels,
    )


_PATTERNS = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="5" height="5" class="hatch-ground"/>'
    '<line x1="0" y1="0" x2="0" y2="5" class="hatch-line"/></pattern></defs>'
)


def _description(line: Timeline) -> str:
    faults = ", ".join(f"{name} at {formatting.clock(start)}" for name, start, _, _ in line.faults)
    p99 = line.known("p99")
    worst = f"p99 latency peaks at {formatting.seconds(max(p99))}. " if p99 else ""
    return (
        f"{worst}Faults: {formatting.clean(faults) or 'none'}. The tables below hold the numbers."
    )


def _fault_labels(line: Timeline, x: Scale) -> tuple[list[str], float]:
    """Labels in as many lanes as keep them apart, and the y where the lanes end."""
    free: list[float] = []
    placed: list[tuple[int, float, str, float]] = []
    for number, (name, start, _, recovered) in enumerate(line.faults, 1):
        lost = "" if recovered is not None else " (not recovered)"
        label = f"{number} {formatting.clean(name)}{lost}"
        lane = next((k for k, end in enumerate(free) if end < x(start) - 4), len(free))
        if lane >= _MAX_LANES:
            # No room for the name, which the tables show: use only the number.
            label, lane = str(number), free.index(min(free))
        width = len(label) * _CHAR
        at = max(min(x(start), RIGHT - width), LEFT)
        if lane == len(free):
            free.append(0.0)
        free[lane] = max(free[lane], at + width)
        placed.append((lane, x(start), label, at))
    height = len(free) * _LANE
    drawn = []
    for lane, mark, label, at in placed:
        y = lane * _LANE + 11
        drawn.append(svg.line(mark, y + 2, mark, height + 6, "fault-lead"))
        drawn.append(svg.text(at, y, label, "fault-label"))
    return drawn, height + 6


def _phase_strip(line: Timeline, x: Scale, y: float) -> str:
    spans = [(view.phase_words(name), a, b, name) for name, a, b in line.phases]
    if line.load_start is not None and line.load_start > line.times[0]:
        spans.insert(0, ("before the load", line.times[0], line.load_start, "idle"))
    if line.load_end is not None and line.load_end < line.end:
        spans.append(("after the load", line.load_end, line.end, "idle"))
    drawn = []
    for words, start, end, name in spans:
        kind = name.partition(":")[0]
        left, right = x(start), x(end)
        tip = f"{words}, {formatting.clock(start)} to {formatting.clock(end)}"
        style = f"phase phase-{kind}" if kind in {"steady", "fault", "recovery"} else "phase"
        title = f"<title>{html.escape(tip)}</title>"
        drawn.append(svg.rect(left, y, max(right - left - 1, 0.5), 15, style, title))
        if len(words) * _CHAR < right - left - 6:
            drawn.append(svg.text((left + right) / 2, y + 11, words, "phase-label", "middle"))
    return "".join(drawn)


def _bands(line: Timeline, x: Scale, top: float, bottom: float) -> list[str]:
    drawn = []
    for number, (fault, start, end, recovered) in enumerate(line.faults, 1):
        left, width = x(start), max(x(end) - x(start), 2.0)
        again = "never answered again" if recovered is None else (
            f"answered again at {formatting.clock(recovered)}"
        )  # fmt: skip
        tip = f"{number} {fault}: {formatting.clock(start)} to {formatting.clock(end)}, {again}"
        title = f"<title>{html.escape(formatting.clean(tip))}</title>"
        drawn.append(svg.rect(left, top - 9, width, bottom - top + 9, "band", title))
        drawn.append(svg.line(left, top - 24, left, bottom, "band-edge"))
        if recovered is not None and recovered > start:
            drawn.append(svg.line(x(recovered), top - 9, x(recovered), bottom, "band-answer"))
    return drawn


def _time_axis(line: Timeline, x: Scale, top: float, bottom: float) -> list[str]:
    drawn = []
    for moment in svg.time_ticks(line.times[0], line.end, 12):
        drawn.append(svg.line(x(moment), top + 20, x(moment), bottom, "grid"))
        drawn.append(svg.text(x(moment), bottom + 15, formatting.clock(moment), "tick", "middle"))
    drawn.append(svg.text((LEFT + RIGHT) / 2, bottom + 31, "run time, min:s", "tick", "middle"))
    for edge in (line.load_start, line.load_end):
        if edge is not None:
            drawn.append(svg.line(x(edge), top - 9, x(edge), bottom, "load-edge"))
    return drawn


def _heading(panel: _Panel, y: float) -> str:
    drawn = [svg.text(LEFT, y, panel.title, "panel-title")]
    at = LEFT + len(panel.title) * 7.0 + 18
    for kind, label in panel.legend:
        if kind.startswith("area"):
            drawn.append(svg.rect(at, y - 8, 14, 8, kind))
        else:
            drawn.append(svg.line(at, y - 4, at + 18, y - 4, kind))
        drawn.append(svg.text(at + 23, y, label, "legend"))
        at += 23 + len(label) * _CHAR + 16
    return "".join(drawn)


def _panels(result: Result) -> list[_Panel]:
    limits = {
        "steady": view.number(result, "profile", "slo", "steady_p99_s"),
        "fault": view.number(result, "profile", "slo", "fault_p99_s"),
    }

    def latency(line: Timeline, x: Scale, top: float, bottom: float) -> str:
        return _latency(line, x, top, bottom, limits)

    return [
        _Panel(
            "Latency, from the intended time",
            170,
            (("line p99", "p99"), ("line p50", "p50"), ("limit", "p99 limits")),
            latency,
        ),
        _Panel(
            "Turns per second",
            110,
            (
                ("area-ok", "acknowledged"),
                ("area-info", "indeterminate"),
                ("area-failed", "failed"),
                ("line retried", "retried"),
            ),
            _turns,
        ),
        _Panel(
            "Redis memory",
            70,
            (("line redis_bytes", "measured"), ("line redis_forecast_bytes", "forecast")),
            _redis_memory,
        ),
        _Panel(
            "Keys in Redis",
            70,
            (("line redis_keys", "keys"), ("line open_conversations", "open conversations")),
            _keys,
        ),
        _Panel("Memory of all replicas", 60, (),
               _plain("fleet_rss_bytes", svg.size_ticks, formatting.size)),
        _Panel("CPU of the host", 60, (),
               _plain("host_cpu_percent", svg.even_ticks, lambda v: f"{v:g} %", at_least=100)),
    ]  # fmt: skip


def _axis(y: Scale, ticks: Sequence[float], write: Callable[[float], str]) -> str:
    return "".join(
        svg.line(LEFT, y(tick), RIGHT, y(tick), "grid" if tick != ticks[0] else "axis")
        + svg.text(LEFT - 6, y(tick) + 3.5, write(tick), "tick", "end")
        for tick in ticks
    )


def _no_data(top: float, bottom: float) -> str:
    middle = (top + bottom) / 2
    return svg.line(LEFT, bottom, RIGHT, bottom, "axis") + svg.text(
        (LEFT + RIGHT) / 2, middle + 4, "not measured in this run", "tick", "middle"
    )


def _curve(line: Timeline, x: Scale, y: Scale, name: str) -> str:
    points = [
        (x(t + line.step / 2), None if value is None else y(value))
        for t, value in zip(line.times, line.values[name], strict=True)
    ]
    return svg.path(svg.line_path(points), f"line {name}")


def _latency(
    line: Timeline, x: Scale, top: float, bottom: float, limits: dict[str, float | None]
) -> str:
    known = [value for name in ("p50", "p99") for value in line.known(name) if value > 0]
    if not known:
        return _no_data(top, bottom)
    reach = [*known, *(limit for limit in limits.values() if limit)]
    low, high = min(known), max(reach)
    if high / low > _LOG_FROM:
        # A margin, so that the lowest line does not run along the axis.
        low, high, ticks = svg.log_ticks(low * 0.9, high)
        y = Scale(low, high, bottom, top, log=True)
    else:
        ticks = svg.even_ticks(high, 4)
        y = Scale(0, ticks[-1], bottom, top)
    drawn = [_axis(y, ticks, formatting.seconds)]
    for name, limit in limits.items():
        if limit:
            words = f"limit in {'steady state' if name == 'steady' else 'faults'} "
            drawn.append(svg.line(LEFT, y(limit), RIGHT, y(limit), "limit"))
            label = words + formatting.seconds(limit)
            drawn.append(svg.text(RIGHT - 4, y(limit) - 4, label, "limit-label", "end"))
    return "".join([*drawn, _curve(line, x, y, "p50"), _curve(line, x, y, "p99")])


def _turns(line: Timeline, x: Scale, top: float, bottom: float) -> str:
    stacked = ("turns_ok", "turns_info", "turns_failed")
    columns = list(zip(*(line.values[name] for name in stacked), strict=True))
    totals = [sum(value or 0.0 for value in column) for column in columns]
    if not any(totals):
        return _no_data(top, bottom)
    retried = line.known("turns_retried")
    ticks = svg.even_ticks(max([*totals, *retried]), 3)
    y = Scale(0, ticks[-1], bottom, top)
    boxes: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in stacked}
    for t, column in zip(line.times, columns, strict=True):
        base = bottom
        for name, value in zip(stacked, column, strict=True):
            height = bottom - y(value or 0.0)
            if value and name != "turns_ok":
                # One failed turn among thousands must stay visible.
                height = max(height, 3.0)
            boxes[name].append((x(t), x(t + line.step), base, base - height))
            base -= height
    areas = [
        svg.path(svg.bars_path(boxes[name]), f"area-{name.removeprefix('turns_')}")
        for name in stacked
    ]
    points = [
        (x(t + line.step / 2), y(value) if value else None)
        for t, value in zip(line.times, line.values["turns_retried"], strict=True)
    ]
    axis = _axis(y, ticks, formatting.count)
    return axis + "".join(areas) + svg.path(svg.line_path(points), "line retried")


def _redis_memory(line: Timeline, x: Scale, top: float, bottom: float) -> str:
    names = ("redis_forecast_bytes", "redis_bytes")
    if not line.known("redis_bytes"):
        return _no_data(top, bottom)
    ticks = svg.size_ticks(max(value for name in names for value in line.known(name)), 2)
    y = Scale(0, ticks[-1], bottom, top)
    return _axis(y, ticks, formatting.size) + "".join(_curve(line, x, y, name) for name in names)


def _keys(line: Timeline, x: Scale, top: float, bottom: float) -> str:
    names = ("open_conversations", "redis_keys")
    known = [value for name in names for value in line.known(name)]
    if not known or max(known) <= 0:
        return _no_data(top, bottom)
    ticks = svg.even_ticks(max(known), 2)
    y = Scale(0, ticks[-1], bottom, top)
    return _axis(y, ticks, formatting.count) + "".join(_curve(line, x, y, name) for name in names)


def _plain(
    name: str,
    ticks_of: Callable[[float, int], list[float]],
    write: Callable[[float], str],
    at_least: float = 0.0,
) -> Callable[[Timeline, Scale, float, float], str]:
    """A panel with one series, from zero."""

    def draw(line: Timeline, x: Scale, top: float, bottom: float) -> str:
        known = line.known(name)
        if not known or max(known) <= 0:
            return _no_data(top, bottom)
        ticks = ticks_of(max(*known, at_least) if at_least else max(known), 2)
        y = Scale(0, ticks[-1], bottom, top)
        return _axis(y, ticks, write) + _curve(line, x, y, name)

    return draw
