"""The timeline chart: stacked panels on one time axis, with the faults across all of them."""

from __future__ import annotations

import html

from reports.render import formatting, panels, series, svg, timeline_marks, view
from reports.render.panels import CHAR, LEFT, RIGHT, WIDTH, Panel
from reports.render.series import Timeline
from reports.render.svg import Scale
from reports.render.view import Result

_COLUMNS = 462


def timeline(result: Result) -> str:
    """The chart as one inline `<svg>`; empty when the run recorded no timeline."""
    line = series.read(result, _COLUMNS)
    if line is None:
        return ""
    x = Scale(line.times[0], line.end, LEFT, RIGHT)
    labels, y = timeline_marks.fault_labels(line, x)
    strip = _phase_strip(line, x, y)
    y += 30
    top = y
    drawn: list[str] = []
    for panel in _panels(result):
        bottom = y + 20 + panel.height
        drawn.append(panels.heading(panel, y + 13))
        drawn.append(panel.draw(line, x, y + 20, bottom))
        y = bottom + 12
    bottom = y - 12
    axis = timeline_marks.time_axis(line, x, top, bottom)
    bands = timeline_marks.bands(line, x, top - 9, bottom, lead=15)
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
        panels.PATTERNS,
        *bands,
        *axis,
        strip,
        *drawn,
        *labels,
    )


def _description(line: Timeline) -> str:
    faults = ", ".join(f"{name} at {formatting.clock(start)}" for name, start, _, _ in line.faults)
    p99 = line.known("p99")
    worst = f"p99 latency peaks at {formatting.seconds(max(p99))}. " if p99 else ""
    return (
        f"{worst}Faults: {formatting.clean(faults) or 'none'}. The tables below hold the numbers."
    )


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
        if len(words) * CHAR < right - left - 6:
            drawn.append(svg.text((left + right) / 2, y + 11, words, "phase-label", "middle"))
    return "".join(drawn)


def _panels(result: Result) -> list[Panel]:
    limits = {
        "steady": view.number(result, "profile", "slo", "steady_p99_s"),
        "fault": view.number(result, "profile", "slo", "fault_p99_s"),
    }

    def latency(line: Timeline, x: Scale, top: float, bottom: float) -> str:
        return panels.latency(line, x, top, bottom, limits)

    return [
        Panel(
            "Latency, from the intended time",
            170,
            (("line p99", "p99"), ("line p50", "p50"), ("limit", "p99 limits")),
            latency,
        ),
        Panel(
            "Turns per second",
            110,
            (
                ("area-ok", "acknowledged"),
                ("area-info", "indeterminate"),
                ("area-failed", "failed"),
                ("line retried", "retried"),
            ),
            panels.turns,
        ),
        Panel(
            "Redis memory",
            70,
            (("line redis_bytes", "measured"), ("line redis_forecast_bytes", "forecast")),
            panels.redis_memory,
        ),
        Panel(
            "Keys in Redis",
            70,
            (("line redis_keys", "keys"), ("line open_conversations", "open conversations")),
            panels.keys,
        ),
        Panel(
            "Memory of all replicas",
            60,
            (),
            panels.plain("fleet_rss_bytes", svg.size_ticks, formatting.size),
        ),
        Panel(
            "CPU of the host",
            60,
            (),
            panels.plain("host_cpu_percent", svg.even_ticks, lambda v: f"{v:g} %", at_least=100),
        ),
    ]
