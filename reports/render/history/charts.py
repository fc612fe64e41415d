"""The curve of one figure over the runs of a set-up, as inline SVG."""

from __future__ import annotations

import html

from reports.history.key_figures import KEY_FIGURES
from reports.history.model import Group
from reports.render import document, formatting, svg
from reports.render.comparison.view import value as amount
from reports.render.history import view
from reports.render.svg import Scale

WIDTH, HEIGHT = 520, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 70.0, 508.0, 12.0, 160.0
_DOT = 3.0


def draw(group: Group, key: str, name: str) -> str:
    """The chart; `name` makes its ids unique on the page.  Empty if fewer than two runs have it.

    Runs stand at equal distances.  A dashed line is a break that nothing is compared across, a
    coloured one the first run after a change that was hinted at.
    """
    figure, runs = KEY_FIGURES[key], group.runs
    known = [value for run in runs if (value := run.figures.get(key)) is not None]
    if len(known) < 2:
        return ""
    high = max(*known, figure.floor)
    ticks = svg.size_ticks(high, 3) if figure.unit == "bytes" else svg.even_ticks(high, 3)
    x = Scale(0, len(runs) - 1, _LEFT, _RIGHT)
    y = Scale(0, ticks[-1], _BOTTOM, _TOP)
    cuts = view.breaks(key, runs)
    points: list[svg.Point] = []
    dots = []
    for place, run in enumerate(runs):
        value = run.figures.get(key)
        if place in cuts:
            points.append((x(place), None))
        points.append((x(place), None if value is None else y(value)))
        if value is not None:
            told = f"{run.started} {run.verdict} {view.value(key, run)}"
            where: dict[str, str | float] = {"cx": x(place), "cy": y(value), "r": _DOT}
            dots.append(
                svg.element(
                    "circle",
                    {**where, "class": f"dot {document.verdict_class(run.verdict)}"},
                    f"<title>{html.escape(formatting.clean(told))}</title>",
                )
            )
    places = {run.name: place for place, run in enumerate(runs)}
    changes = [places[hint.run] for hint in group.hints if hint.figure == key]
    attributes: dict[str, str | float] = {
        "viewBox": f"0 0 {WIDTH} {HEIGHT}",
        "class": "chart answer-chart",
        "role": "img",
        "aria-labelledby": f"{name}-title",
    }
    return svg.element(
        "svg",
        attributes,
        f'<title id="{name}-title">{html.escape(figure.title)} of {len(runs)} runs</title>',
        *_axis(y, ticks, figure.unit),
        *(svg.line(x(cut - 0.5), _TOP, x(cut - 0.5), _BOTTOM, "cut") for cut in sorted(cuts)),
        *(svg.line(x(at), _TOP, x(at), _BOTTOM, "change") for at in changes),
        svg.path(svg.line_path(points), "line"),
        *dots,
        svg.text(_LEFT, HEIGHT - 8, formatting.clean(runs[0].started[:10]), "tick"),
        svg.text(_RIGHT, HEIGHT - 8, formatting.clean(runs[-1].started[:10]), "tick", "end"),
    )


def _axis(y: Scale, ticks: list[float], unit: str) -> list[str]:
    drawn = []
    for tick in ticks:
        drawn.append(svg.line(_LEFT, y(tick), _RIGHT, y(tick), "grid" if tick else "axis"))
        told = amount(tick, unit)
        drawn.append(svg.text(_LEFT - 6, y(tick) + 4, told, "tick", "end"))
    return drawn
