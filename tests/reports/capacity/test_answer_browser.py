"""The page of the answer sheet in a real browser: nothing is refused, cut off, or overlapping."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.capacity import prices
from reports.capacity.sheet import build
from reports.render.answer import page
from tests.reports import browser
from tests.reports.capacity.a_capacity_run import TODAY, findings, night

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
    probed = browser.probe(source, _PROBE, tmp_path, width)
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
