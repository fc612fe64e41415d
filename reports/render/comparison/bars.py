"""The interval of a figure as a bar against the band of its margin, all on one axis."""

from __future__ import annotations

from collections.abc import Sequence

from reports.comparison.model import Change, Word
from reports.render import svg
from reports.render.comparison import view
from reports.render.svg import Scale

WIDTH, HEIGHT = 300, 24
_LEFT, _RIGHT = 8.0, 292.0
_MIDDLE = HEIGHT / 2
_REACHES = (5.0, 10.0, 20.0, 30.0, 50.0)
"""Half-widths of the axis, percent; an interval beyond the last one ends in an arrow."""
_DOT = 3.4
_ARROW = 6.0
KINDS = {
    Word.WORSE: "fail",
    Word.SAME: "pass",
    Word.BETTER: "pass",
    Word.UNDECIDED: "unknown",
    Word.NO_STATEMENT: "none",
}
"""The CSS class of a word."""


def axis_of(changes: Sequence[Change]) -> Scale:
    """The axis for these figures: changes in percent, with 0 in the middle."""
    ends = [abs(_percent(end)) for each in changes for end in _ends(each)]
    # An interval that needs an arrow on any axis must not make the other bars short.
    wanted = [end for end in ends if end <= _REACHES[-1]]
    wanted += [200 * each.margin for each in changes]
    reach = next((each for each in _REACHES if each >= max(wanted, default=0)), _REACHES[-1])
    return Scale(-reach, reach, _LEFT, _RIGHT)


def head(axis: Scale) -> str:
    """The values of the axis, above the bars."""
    labels = []
    for part in (-1.0, -0.5, 0.0, 0.5, 1.0):
        value = part * axis.high
        anchor = {-1.0: "start", 1.0: "end"}.get(part, "middle")
        at = {-1.0: 0.0, 1.0: float(WIDTH)}.get(part, axis(value))
        text = f"{value:+g} %" if value else "0"
        labels.append(svg.text(at, 15, text, "tick", anchor))
    return _svg({"aria-hidden": "true"}, 20, labels)


def draw(each: Change, axis: Scale) -> str:
    """The bar of a figure: the band of its margin, its interval, and a dot at the change.

    Without an interval a hollow dot stands at the plain difference.
    """
    margin = 100 * each.margin
    left, right = axis(-margin), axis(margin)
    parts = [
        svg.rect(left, 0, right - left, HEIGHT, "margin"),
        svg.line(axis(0), 0, axis(0), HEIGHT, "zero"),
        svg.line(_LEFT, _MIDDLE, _RIGHT, _MIDDLE, "grid"),
    ]
    if each.low is not None and each.high is not None:
        parts += _interval(_percent(each.low), _percent(each.high), axis)
    ratio = _ratio(each)
    if ratio is not None and abs(_percent(ratio)) <= axis.high:
        dot: dict[str, str | float] = {"cx": axis(_percent(ratio)), "cy": _MIDDLE, "r": _DOT}
        parts.append(svg.element("circle", {**dot, "class": "dot"}))
    elif ratio is not None and each.low is None:
        parts.append(_arrow(axis, up=ratio > 1))
    return _svg({"role": "img", "aria-label": _label(each)}, HEIGHT, parts, KINDS[each.word])


def _interval(low: float, high: float, axis: Scale) -> list[str]:
    bar = svg.line(axis(low), _MIDDLE, axis(high), _MIDDLE, "interval")
    ends = []
    for end, beyond in ((low, low < axis.low), (high, high > axis.high)):
        if not beyond and axis.low <= end <= axis.high:
            ends.append(svg.line(axis(end), _MIDDLE - 7, axis(end), _MIDDLE + 7, "end"))
    if low < axis.low:
        ends.append(_arrow(axis, up=False))
    if high > axis.high:
        ends.append(_arrow(axis, up=True))
    return [bar, *ends]


def _arrow(axis: Scale, *, up: bool) -> str:
    """At the end of the axis: the value lies beyond it."""
    tip, back = (axis.end + 4, axis.end - 4) if up else (axis.start - 4, axis.start + 4)
    low, high = _MIDDLE - _ARROW, _MIDDLE + _ARROW
    return svg.path(f"M{tip:.1f} {_MIDDLE:.1f}L{back:.1f} {low:.1f}V{high:.1f}Z", "arrow")


def _svg(
    values: dict[str, str | float], height: float, parts: Sequence[str], kind: str = ""
) -> str:
    box = f"0 0 {WIDTH} {height:g}"
    return svg.element("svg", {"viewBox": box, "class": f"bar {kind}".strip(), **values}, *parts)


def _percent(ratio: float) -> float:
    return (ratio - 1) * 100


def _ends(each: Change) -> list[float]:
    ends = (each.low, each.high, _ratio(each))
    return [end for end in ends if end is not None]


def _ratio(each: Change) -> float | None:
    """The ratio; the plain one where there are no statistics."""
    if each.ratio is not None:
        return each.ratio
    return each.b / each.a if each.a and each.b is not None else None


def _label(each: Change) -> str:
    row = view.row(each)
    parts = [row.change, row.interval, f"margin {row.margin}" if row.margin else ""]
    return ", ".join(part for part in parts if part)
