"""Parts of a chart as SVG text: elements, scales, ticks and paths.  Independent of results."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Point = tuple[float, float | None]
"""A point on the page; y is None if nothing was measured."""


def element(tag: str, attributes: dict[str, str | float], *children: str) -> str:
    """One element.  Attribute values are escaped, children must be already (see `text`)."""
    written = "".join(f' {name}="{_attribute(value)}"' for name, value in attributes.items())
    inner = "".join(children)
    return f"<{tag}{written}>{inner}</{tag}>" if inner else f"<{tag}{written}/>"


def _attribute(value: str | float) -> str:
    return html.escape(value) if isinstance(value, str) else f"{round(value, 1):g}"


def text(x: float, y: float, content: str, kind: str, anchor: str = "start") -> str:
    """A label, escaped."""
    where: dict[str, str | float] = {"x": x, "y": y, "class": kind}
    if anchor != "start":
        where["text-anchor"] = anchor
    return element("text", where, html.escape(content))


def rect(x: float, y: float, width: float, height: float, kind: str, *children: str) -> str:
    """A rectangle of class `kind`."""
    box: dict[str, str | float] = {"x": x, "y": y, "width": width, "height": height}
    return element("rect", {**box, "class": kind}, *children)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line of class `kind`."""
    return element("line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "class": kind})


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values in [low, high] to the page in [start, end]; values outside are held at the edge.

    `log` needs low > 0.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        value = min(max(value, self.low), self.high)
        if self.log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)


def even_ticks(high: float, wanted: int, steps: Sequence[float] = (1, 2, 5)) -> list[float]:
    """Round values from 0 to at least `high` (> 0), about `wanted` steps apart.

    `steps` are the round numbers of one decade.
    """
    raw = high / wanted
    decade = 10.0 ** math.floor(math.log10(raw))
    step = next((s * decade for s in steps if s * decade >= raw), 10 * decade)
    return [step * index for index in range(math.ceil(high / step - 1e-9) + 1)]


def size_ticks(high: float, wanted: int) -> list[float]:
    """Like `even_ticks`, in round numbers of bytes (1, 2, 4 ... 512 of a binary unit)."""
    step = 2.0 ** math.ceil(math.log2(max(high / wanted, 1)))
    return [step * index for index in range(math.ceil(high / step - 1e-9) + 1)]


def time_ticks(start: float, end: float, wanted: int) -> list[float]:
    """Moments of run time (seconds) from `start` to `end` that read well on a clock."""
    nice = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
    step = next((s for s in nice if (end - start) / s <= wanted), nice[-1])
    first = math.ceil(start / step)
    return [float(step * index) for index in range(first, math.floor(end / step) + 1)]


def log_ticks(low: float, high: float) -> tuple[float, float, list[float]]:
    """Limits that are round (1, 2, 5) around [low, high] (> 0), and the round values between."""
    grid = [
        digit * 10.0**decade
        for decade in range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
        for digit in (1, 2, 5)
    ]
    bottom = max(value for value in grid if value <= low * (1 + 1e-9))
    top = min(value for value in grid if value >= high * (1 - 1e-9) and value > bottom)
    inside = [value for value in grid if bottom <= value <= top]
    if len(inside) > 8:
        inside = [value for value in inside if math.isclose(math.log10(value) % 1, 0)]
    return bottom, top, inside


def line_path(points: Iterable[Point]) -> str:
    """Path data through the points; a gap where y is None.  A lone point becomes a dot."""
    parts: list[str] = []
    pen_down = False
    for x, y in points:
        if y is None:
            pen_down = False
            continue
        # The zero-length segment makes a lone point visible under round line caps.
        parts.append(f"L{x:.1f} {y:.1f}" if pen_down else f"M{x:.1f} {y:.1f}h0")
        pen_down = True
    return "".join(parts)


def bars_path(bars: Iterable[tuple[float, float, float, float]]) -> str:
    """Path data of boxes (left, right, bottom, top); boxes without height are left out."""
    return "".join(
        f"M{left:.1f} {bottom:.1f}V{top:.1f}H{right:.1f}V{bottom:.1f}Z"
        for left, right, bottom, top in bars
        if bottom - top > 0
    )


def path(data: str, kind: str) -> str:
    """A path of class `kind`; nothing when there is nothing to draw."""
    return element("path", {"d": data, "class": kind}) if data else ""
