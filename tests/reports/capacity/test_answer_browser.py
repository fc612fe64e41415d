"""The page of the answer sheet in a real browser: nothing is refused, cut off, or overlapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.capacity import prices
from reports.capacity.findings import Answer
from reports.capacity.sheet import build
from reports.render.answer import page
from tests.reports import browser
from tests.reports.capacity.a_capacity_run import (
    TODAY,
    findings,
    measured,
    night,
    probe,
    probes,
    sustainable,
)

pytestmark = pytest.mark.service

_PROBE = """
document.body.dataset.probe = JSON.stringify({
  charts: [...document.querySelectorAll("svg.chart")].map((chart) =>
    [...chart.querySelectorAll("text")].map((node) => {
      const box = node.getBoundingClientRect();
      return [node.textContent, box.left, box.top, box.right, box.bottom];
    })),
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  thin: [...document.querySelectorAll(".sheet td, .sheet tbody th")].filter(
    (cell) => cell.innerText.length > 12 && cell.getBoundingClientRect().width < 60).length,
});
"""


@pytest.fixture
def source() -> str:
    """The page of a night."""
    return page.render(build(findings(), night(), TODAY, prices.read(), run="runs/capacity"))


def test_the_browser_refuses_nothing_on_the_page(source: str, tmp_path: Path) -> None:
    _, log = browser.dump(source, tmp_path, 1280)
    assert "CONSOLE" not in log


@pytest.mark.parametrize("width", [1280, 500])
def test_no_label_touches_another_and_no_cell_is_squeezed(
    source: str, tmp_path: Path, width: int
) -> None:
    _nothing_touches(browser.probe(source, _PROBE, tmp_path, width))


@pytest.mark.parametrize("limit", [4.99, 4.6])
def test_the_name_of_a_limit_near_the_top_is_below_those_of_the_rates(
    tmp_path: Path, limit: float
) -> None:
    # The names of these rates reach as far to the left as that of the limit reaches to the right.
    early = sustainable(rate=measured(20.7, "turns/s", 20.4, 21))
    unsound = probe("probe-06", 32, Answer.UNKNOWN, p99_s=4.4, mean_s=0.9)
    found = findings(
        probes=(*probes(), unsound),
        sustainable=early,
        slo={"steady_p99_s": limit, "error_rate": 0.001},
    )
    source = page.render(build(found, night(), TODAY, prices.read(), run="runs/capacity"))
    _nothing_touches(browser.probe(source, _PROBE, tmp_path, 1280))


def _nothing_touches(probed: Any) -> None:
    assert len(probed["charts"]) == 4
    touching = [
        (one[0], other[0])
        for boxes in probed["charts"]
        for place, one in enumerate(boxes)
        for other in boxes[place + 1 :]
        if min(one[3], other[3]) - max(one[1], other[1]) > 1
        and min(one[4], other[4]) - max(one[2], other[2]) > 3
    ]
    assert touching == []
    assert probed["overflow"] <= 0
    assert probed["thin"] == 0
