"""The charts of the answer sheet as SVG: points, lines, and straight marks across them."""

from __future__ import annotations

import html
from collections.abc import Callable

from reports.capacity.answer import Chart, Mark, Style
from reports.render import formatting, svg
from reports.render.answer import view
from reports.render.svg import Scale

WIDTH, HEIGHT = 520, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 508.0, 30.0, 262.0
_LINE = 15.0
"""Height of a line of labels."""
_BELOW_LANES = 7.0
"""From the top of the plot down to the baseline of a label that leaves the last lane free."""
_DOT = 3.4
_COLORS = 3


def draw(chart: Chart, name: str) -> str:
    """The chart as one inline `<svg>`; `name` makes its ids unique on the page."""
    points = [point for series in chart.series for point in series.points]
    if not points:
        return ""
    marks_x = [mark.at for mark in chart.marks if mark.upright]
    marks_y = [mark.at for mark in chart.marks if not mark.upright]
    x_ticks = _ticks(chart.x_unit, max([x for x, _ in points] + marks_x), 5)
    y_ticks = _ticks(chart.y_unit, max([y for _, y in points] + marks_y), 5)
    lanes = _room(chart, len(marks_x), y_ticks[-1])
    x = Scale(0, x_ticks[-1], _LEFT, _RIGHT)
    y = Scale(0, y_ticks[-1], _BOTTOM + lanes, _TOP + lanes)
    bottom = _BOTTOM + lanes
    attributes: dict[str, str | float] = {
        "viewBox": f"0 0 {WIDTH} {HEIGHT + lanes:.0f}",
        "class": "chart answer-chart",
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
    }
    return svg.element(
        "svg",
        attributes,
        f'<title id="{name}-title">{html.escape(chart.title)}</title>',
        f'<desc id="{name}-desc">{html.escape(_description(chart))}</desc>',
        *_axes(chart, x, y, x_ticks, y_ticks, bottom),
        *_marks(chart, x, y, bottom),
        *_series(chart, x, y),
    )


def legend(chart: Chart) -> str:
    """The series by name and origin, as a list in HTML."""
    items = []
    for place, series in enumerate(chart.series):
        sample = svg.element(
            "svg",
            {"viewBox": "0 0 24 10", "class": "key", "aria-hidden": "true"},
            _sample(series.style, _color(chart, place)),
        )
        label = view.LABELS[series.label]
        items.append(f"<li>{sample}{html.escape(series.name)} <small>{label}</small></li>")
    return f'<ul class="legend">{"".join(items)}</ul>'


def _sample(style: Style, place: int) -> str:
    if style is Style.POINTS:
        return _dot(12, 5, place)
    if style is Style.HOLLOW:
        return _dot(12, 5, place, hollow=True)
    return svg.line(1, 5, 23, 5, _kind(style, place))


def _ticks(unit: str, high: float, wanted: int) -> list[float]:
    high = max(high, 1e-9)
    return svg.size_ticks(high, wanted) if unit == "bytes" else svg.even_ticks(high, wanted)


def _axes(
    chart: Chart,
    x: Scale,
    y: Scale,
    x_ticks: list[float],
    y_ticks: list[float],
    bottom: float,
) -> list[str]:
    drawn = []
    for tick in y_ticks:
        drawn.append(svg.line(_LEFT, y(tick), _RIGHT, y(tick), "grid"))
        drawn.append(svg.text(_LEFT - 6, y(tick) + 4, _short(tick, chart.y_unit), "tick", "end"))
    for tick in x_ticks:
        drawn.append(svg.line(x(tick), bottom, x(tick), bottom + 4, "axis"))
        drawn.append(svg.text(x(tick), bottom + 17, _short(tick, chart.x_unit), "tick", "middle"))
    drawn.append(svg.line(_LEFT, bottom, _RIGHT, bottom, "axis"))
    drawn.append(svg.text(_RIGHT, bottom + 33, chart.x, "axis-name", "end"))
    drawn.append(svg.text(4, 14, chart.y, "axis-name"))
    return drawn


def _short(value: float, unit: str) -> str:
    """A tick: the unit stands on the axis, except for those that change with the size."""
    if unit == "s":
        return f"{value:.3g} s"
    if unit == "bytes":
        return formatting.size(value)
    if abs(value) >= 1e6:
        return f"{value / 1e6:.3g} M"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _marks(chart: Chart, x: Scale, y: Scale, bottom: float) -> list[str]:
    """Straight lines with their names: upright ones above the plot, each in a lane of its own."""
    drawn = []
    upright = sorted((mark for mark in chart.marks if mark.upright), key=lambda mark: mark.at)
    for lane, mark in enumerate(upright):
        label_y = _TOP + lane * _LINE - 3
        at = x(mark.at)
        drawn.append(svg.line(at, label_y + 3, at, bottom, "mark"))
        anchor, shift = ("end", -4) if at > (_LEFT + _RIGHT) / 2 else ("start", 4)
        drawn.append(svg.text(at + shift, label_y + 8, _named(mark, chart), "mark-label", anchor))
    for mark, at, label_y in _levels(chart, y):
        drawn.append(svg.line(_LEFT, at, _RIGHT, at, "mark"))
        drawn.append(svg.text(_LEFT + 6, label_y, _named(mark, chart), "mark-label"))
    return drawn


def _levels(chart: Chart, y: Scale) -> list[tuple[Mark, float, float]]:
    """The level marks from below, each with the y of its line and that of its label."""
    found = []
    free = float("inf")
    for mark in sorted((mark for mark in chart.marks if not mark.upright), key=lambda m: m.at):
        at = y(mark.at)
        # The label stands above its line, unless the label of the line below it is in the way.
        free = min(at - 4, free - _LINE)
        found.append((mark, at, free))
    return found


def _room(chart: Chart, upright: int, top: float) -> float:
    """The height above the plot that the labels need.

    Each upright mark has a lane.  A level near the top needs its place below those lanes.
    """
    lanes = _LINE * upright
    levels = _levels(chart, Scale(0, top, _BOTTOM + lanes, _TOP + lanes))
    highest = min((label for _, _, label in levels), default=float("inf"))
    free = _TOP + lanes + (_BELOW_LANES if upright else -4)
    return lanes + max(0.0, free - highest)


def _named(mark: Mark, chart: Chart) -> str:
    unit = chart.x_unit if mark.upright else chart.y_unit
    return f"{mark.name}: {view.amount(mark.at, unit)}"


def _series(chart: Chart, x: Scale, y: Scale) -> list[str]:
    drawn = []
    for place, series in enumerate(chart.series):
        placed = [(x(at), y(value)) for at, value in series.points]
        if series.style in (Style.POINTS, Style.HOLLOW):
            hollow, color = series.style is Style.HOLLOW, _color(chart, place)
            drawn += [_dot(at, value, color, hollow=hollow) for at, value in placed]
        else:
            drawn.append(svg.path(svg.line_path(placed), _kind(series.style, place)))
    return drawn


def _color(chart: Chart, place: int) -> int:
    """The place whose colour a series has: a hollow one has that of the measured one like it."""
    series = chart.series[place]
    if series.style is Style.HOLLOW:
        for other, each in enumerate(chart.series):
            if each.style is Style.POINTS and series.name.startswith(each.name):
                return other
    return place


def _dot(x: float, y: float, place: int, *, hollow: bool = False) -> str:
    where: dict[str, str | float] = {"cx": x, "cy": y, "r": _DOT}
    kind = " hollow" if hollow else ""
    return svg.element("circle", {**where, "class": f"dot s{place % _COLORS}{kind}"})


def _kind(style: Style, place: int) -> str:
    return f"line s{place % _COLORS}" + (" dashed" if style is Style.DASHED else "")


def _description(chart: Chart) -> str:
    write: Callable[[float, str], str] = view.amount
    marks = ", ".join(
        f"{mark.name} {write(mark.at, chart.x_unit if mark.upright else chart.y_unit)}"
        for mark in chart.marks
    )
    names = ", ".join(series.name for series in chart.series)
    return f"{chart.y} over {chart.x}: {names}. {marks}."
