"""The chart of latency: unsound probes stand apart, and no label is in the way of another."""

from __future__ import annotations

import re

from reports.capacity import prices
from reports.capacity.answer import Chart, Style
from reports.capacity.findings import Answer, CapacityFindings
from reports.capacity.sheet import build
from reports.figures.figure import Label
from reports.render.answer import charts
from tests.reports.capacity.a_capacity_run import TODAY, findings, probe, probes, target

UNSOUND = probe("probe-06", 32, Answer.UNKNOWN, p99_s=1.9, mean_s=0.6)


def latency(found: CapacityFindings) -> Chart:
    """The first chart."""
    return build(found, target(300), TODAY, prices.read(), run="runs/capacity").charts[0]


def test_the_point_of_an_unsound_probe_is_no_measured_one() -> None:
    chart = latency(findings(probes=(*probes(), UNSOUND)))
    measured = {
        point for each in chart.series if each.label is Label.MEASURED for point in each.points
    }
    hollow = {each.name: each.points for each in chart.series if each.style is Style.HOLLOW}
    assert (32, 1.9) not in measured
    assert hollow == {
        "p99 of a probe that proves nothing": ((32.0, 1.9),),
        "mean of a probe that proves nothing": ((32.0, 0.6),),
    }
    drawn = charts.draw(chart, "chart")
    assert drawn.count("hollow") == 2
    # Each has the colour of the measured points of its kind, and stands in the legend.
    assert re.findall(r'class="dot (s\d) hollow"', drawn) == ["s0", "s1"]
    assert charts.legend(chart).count("hollow") == 2
    assert "proves nothing" in charts.legend(chart)


def test_sound_probes_alone_draw_nothing_hollow() -> None:
    assert "hollow" not in charts.draw(latency(findings()), "chart")
