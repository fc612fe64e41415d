"""The panels of a timeline: latency, turns, memory and others, one above the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.render import formatting, svg
from reports.render.series import Timeline
from reports.render.svg import Scale

WIDTH = 1000
LEFT, RIGHT = 64, 988
"""The plotted part of every panel; report.js reads it from the SVG's data attributes."""

CHAR = 6.1
"""Width of a label's character at the chart's font size, rounded up so that labels never touch."""
_LOG_FROM = 25.0
"""Latency is drawn on a logarithmic scale when its spread is wider than this factor."""
_STACKED = ("turns_ok", "turns_info", "turns_failed")

PATTERNS = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="5" height="5" class="hatch-ground"/>'
    '<line x1="0" y1="0" x2="0" y2="5" class="hatch-line"/></pattern></defs>'
)


@dataclass(frozen=True, slots=True)
class Panel:
    """A plot of one timeline under a heading."""

    title: str
    height: float
    legend: tuple[tuple[str, str], ...]
    """(class of the line or area, label)."""
    draw: Callable[[Timeline, Scale, float, float], str]
    """(timeline, time scale, top, bottom) to SVG."""


def heading(panel: Panel, y: float) -> str:
    """The panel's title and the legend, on the line that ends at `y`.

    The ground below them hides the lines of faults and of the grid, which run through all panels.
    """
    drawn = [svg.text(LEFT, y, panel.title, "panel-title")]
    at = LEFT + len(panel.title) * 7.0 + 18
    for kind, label in panel.legend:
        if kind.startswith("area"):
            drawn.append(svg.rect(at, y - 8, 14, 8, kind))
        else:
            drawn.append(svg.line(at, y - 4, at + 18, y - 4, kind))
        drawn.append(svg.text(at + 23, y, label, "legend"))
        at += 23 + len(label) * CHAR + 16
    ground = svg.rect(LEFT, y - 11, at - 14 - LEFT, 15, "legend-ground")
    return "".join([ground, *drawn])


def axis(y: Scale, ticks: Sequence[float], write: Callable[[float], str]) -> str:
    """The lines of the grid, and the labels of their values."""
    return "".join(
        svg.line(LEFT, y(tick), RIGHT, y(tick), "grid" if tick != ticks[0] else "axis")
        + svg.text(LEFT - 6, y(tick) + 3.5, write(tick), "tick", "end")
        for tick in ticks
    )


def no_data(top: float, bottom: float) -> str:
    """An empty plot that says so."""
    middle = (top + bottom) / 2
    return svg.line(LEFT, bottom, RIGHT, bottom, "axis") + svg.text(
        (LEFT + RIGHT) / 2, middle + 4, "not measured in this run", "tick", "middle"
    )


def curve(line: Timeline, x: Scale, y: Scale, name: str) -> str:
    """A series as a line."""
    points = [
        (x(t + line.step / 2), None if value is None else y(value))
        for t, value in zip(line.times, line.values[name], strict=True)
    ]
    return svg.path(svg.line_path(points), f"line {name}")


def latency(
    line: Timeline,
    x: Scale,
    top: float,
    bottom: float,
    limits: dict[str, float | None] | None = None,
    beside: Sequence[Timeline] = (),
) -> str:
    """p50 and p99, seconds.  The scale covers the timelines `beside` this one, too."""
    limits = limits or {}
    names = ("p50", "p99")
    if not any(value > 0 for name in names for value in line.known(name)):
        return no_data(top, bottom)
    known = [
        value
        for each in (line, *beside)
        for name in names
        for value in each.known(name)
        if value > 0
    ]
    reach = [*known, *(limit for limit in limits.values() if limit)]
    low, high = min(known), max(reach)
    if high / low > _LOG_FROM:
        # A margin, so that the lowest line does not run along the axis.
        low, high, ticks = svg.log_ticks(low * 0.9, high)
        y = Scale(low, high, bottom, top, log=True)
    else:
        ticks = svg.even_ticks(high, 4)
        y = Scale(0, ticks[-1], bottom, top)
    drawn = [axis(y, ticks, formatting.seconds)]
    for name, limit in limits.items():
        if limit:
            words = f"limit in {'steady state' if name == 'steady' else 'faults'} "
            drawn.append(svg.line(LEFT, y(limit), RIGHT, y(limit), "limit"))
            label = words + formatting.seconds(limit)
            drawn.append(svg.text(RIGHT - 4, y(limit) - 4, label, "limit-label", "end"))
    return "".join([*drawn, curve(line, x, y, "p50"), curve(line, x, y, "p99")])


def turns(
    line: Timeline, x: Scale, top: float, bottom: float, beside: Sequence[Timeline] = ()
) -> str:
    """Turns by their outcome, a second.  The scale covers the timelines `beside` this one, too."""
    columns = _outcomes(line)
    if not any(map(sum, columns)):
        return no_data(top, bottom)
    reach = [
        value
        for each in (line, *beside)
        for value in (*map(sum, _outcomes(each)), *each.known("turns_retried"))
    ]
    ticks = svg.even_ticks(max(reach), 3)
    y = Scale(0, ticks[-1], bottom, top)
    boxes: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in _STACKED}
    for t, column in zip(line.times, columns, strict=True):
        base = bottom
        for name, value in zip(_STACKED, column, strict=True):
            height = bottom - y(value)
            if value and name != "turns_ok":
                # One failed turn among thousands must stay visible.
                height = max(height, 3.0)
            boxes[name].append((x(t), x(t + line.step), base, base - height))
            base -= height
    areas = [
        svg.path(svg.bars_path(boxes[name]), f"area-{name.removeprefix('turns_')}")
        for name in _STACKED
    ]
    points = [
        (x(t + line.step / 2), y(value) if value else None)
        for t, value in zip(line.times, line.values["turns_retried"], strict=True)
    ]
    retried = svg.path(svg.line_path(points), "line retried")
    return axis(y, ticks, formatting.count) + "".join(areas) + retried


def _outcomes(line: Timeline) -> list[tuple[float, ...]]:
    """The turns of each column, by outcome."""
    values = ([value or 0.0 for value in line.values[name]] for name in _STACKED)
    return list(zip(*values, strict=True))


def redis_memory(
    line: Timeline, x: Scale, top: float, bottom: float, beside: Sequence[Timeline] = ()
) -> str:
    """The memory of Redis and its forecast, bytes.

    The scale covers the timelines `beside` this one, too.
    """
    names = ("redis_forecast_bytes", "redis_bytes")
    if not line.known("redis_bytes"):
        return no_data(top, bottom)
    reach = [value for each in (line, *beside) for name in names for value in each.known(name)]
    ticks = svg.size_ticks(max(reach), 2)
    y = Scale(0, ticks[-1], bottom, top)
    return axis(y, ticks, formatting.size) + "".join(curve(line, x, y, name) for name in names)


def keys(line: Timeline, x: Scale, top: float, bottom: float) -> str:
    """The keys in Redis beside the open conversations."""
    names = ("open_conversations", "redis_keys")
    known = [value for name in names for value in line.known(name)]
    if not known or max(known) <= 0:
        return no_data(top, bottom)
    ticks = svg.even_ticks(max(known), 2)
    y = Scale(0, ticks[-1], bottom, top)
    return axis(y, ticks, formatting.count) + "".join(curve(line, x, y, name) for name in names)


def plain(
    name: str,
    ticks_of: Callable[[float, int], list[float]],
    write: Callable[[float], str],
    at_least: float = 0.0,
) -> Callable[[Timeline, Scale, float, float], str]:
    """A panel with one series, from zero."""

    def draw(line: Timeline, x: Scale, top: float, bottom: float) -> str:
        known = line.known(name)
        if not known or max(known) <= 0:
            return no_data(top, bottom)
        ticks = ticks_of(max(*known, at_least) if at_least else max(known), 2)
        y = Scale(0, ticks[-1], bottom, top)
        return axis(y, ticks, write) + curve(line, x, y, name)

    return draw
