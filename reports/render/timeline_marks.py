"""The marks of a timeline that lie across its panels: faults, and the time axis."""

from __future__ import annotations

import html

from reports.render import formatting, svg
from reports.render.panels import CHAR, LEFT, RIGHT
from reports.render.series import Timeline
from reports.render.svg import Scale

_LANE = 15
_MAX_LANES = 6


def fault_labels(line: Timeline, x: Scale, top: float = 0.0) -> tuple[list[str], float]:
    """Labels from `top` on in as many lanes as keep them apart, and the y where the lanes end."""
    free: list[float] = []
    placed: list[tuple[int, float, str, float]] = []
    for number, (name, start, _, recovered) in enumerate(line.faults, 1):
        lost = "" if recovered is not None else " (not recovered)"
        label = f"{number} {formatting.clean(name)}{lost}"
        lane = next((k for k, end in enumerate(free) if end < x(start) - 4), len(free))
        if lane >= _MAX_LANES:
            # No room for the name, which the tables show: use only the number.
            label, lane = str(number), free.index(min(free))
        width = len(label) * CHAR
        at = max(min(x(start), RIGHT - width), LEFT)
        if lane == len(free):
            free.append(0.0)
        free[lane] = max(free[lane], at + width)
        placed.append((lane, x(start), label, at))
    bottom = top + len(free) * _LANE + 6
    drawn = []
    for lane, mark, label, at in placed:
        y = top + lane * _LANE + 11
        drawn.append(svg.line(mark, y + 2, mark, bottom, "fault-lead"))
        drawn.append(svg.text(at, y, label, "fault-label"))
    return drawn, bottom


def bands(line: Timeline, x: Scale, top: float, bottom: float, lead: float = 0.0) -> list[str]:
    """The time of each fault, shaded; the line at its start begins `lead` above `top`."""
    drawn = []
    for number, (fault, start, end, recovered) in enumerate(line.faults, 1):
        left, width = x(start), max(x(end) - x(start), 2.0)
        again = "never answered again" if recovered is None else (
            f"answered again at {formatting.clock(recovered)}"
        )  # fmt: skip
        tip = f"{number} {fault}: {formatting.clock(start)} to {formatting.clock(end)}, {again}"
        title = f"<title>{html.escape(formatting.clean(tip))}</title>"
        drawn.append(svg.rect(left, top, width, bottom - top, "band", title))
        drawn.append(svg.line(left, top - lead, left, bottom, "band-edge"))
        if recovered is not None and recovered > start:
            drawn.append(svg.line(x(recovered), top, x(recovered), bottom, "band-answer"))
    return drawn


def time_axis(line: Timeline, x: Scale, top: float, bottom: float) -> list[str]:
    """The time axis of one run, with the begin and the end of its load."""
    drawn = time_grid(x, top + 20, bottom, "run time, min:s")
    return drawn + load_edges(line, x, top - 9, bottom)


def time_grid(x: Scale, top: float, bottom: float, name: str) -> list[str]:
    """Upright lines at round moments, their labels, and the name of the axis."""
    drawn = []
    for moment in svg.time_ticks(x.low, x.high, 12):
        drawn.append(svg.line(x(moment), top, x(moment), bottom, "grid"))
        drawn.append(svg.text(x(moment), bottom + 15, formatting.clock(moment), "tick", "middle"))
    drawn.append(svg.text((LEFT + RIGHT) / 2, bottom + 31, name, "tick", "middle"))
    return drawn


def load_edges(line: Timeline, x: Scale, top: float, bottom: float) -> list[str]:
    """Upright lines where the load begins and ends."""
    edges = (line.load_start, line.load_end)
    return [svg.line(x(t), top, x(t), bottom, "load-edge") for t in edges if t is not None]
