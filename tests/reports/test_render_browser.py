"""The page in a real browser: nothing overlaps, nothing is cut off, nothing is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from reports.render import html
from tests.reports import browser
from tests.reports.conftest import stored

pytestmark = pytest.mark.service

_PROBE = """
const boxes = [...document.querySelectorAll("svg.chart text")].map((node) => {
  const box = node.getBoundingClientRect();
  return [node.textContent, box.left, box.top, box.right, box.bottom];
});
const chart = document.querySelector("svg.chart");
const box = chart && chart.getBoundingClientRect();
if (chart) {
  chart.dispatchEvent(new PointerEvent("pointermove", {
    clientX: box.left + box.width / 2, clientY: box.top + 200, bubbles: true}));
}
const readout = document.querySelector("output.readout");
const across = [...document.querySelectorAll(
  ".chart :is(.band-edge, .band-answer, .load-edge, .grid)")];
const legends = [...document.querySelectorAll("svg.chart :is(.panel-title, .legend)")];
const crossed = legends.filter((legend) => {
  const words = legend.getBoundingClientRect();
  const middle = (words.top + words.bottom) / 2;
  legend.scrollIntoView({ block: "center" });
  const moved = legend.getBoundingClientRect().top - words.top;
  return across.some((line) => {
    const at = line.getBoundingClientRect();
    const x = (at.left + at.right) / 2;
    if (at.width > 2 || x < words.left - 20 || x > words.right) return false;
    const painted = document.elementsFromPoint(x, middle + moved);
    const ground = painted.findIndex((each) => each.matches(".legend-ground"));
    const over = painted.findIndex((each) => across.includes(each) || each.matches(".band"));
    return ground < 0 || (over >= 0 && over < ground);
  });
}).map((legend) => legend.textContent);
scrollTo(0, 0);
const names = [...document.querySelectorAll(".scroll")].filter(
  (each) => each.scrollWidth > each.clientWidth + 1 && each.querySelector("tbody th"));
const hidden = names.filter((each) => {
  each.scrollLeft = each.scrollWidth;
  const name = each.querySelector("tbody th").getBoundingClientRect();
  return name.left < each.getBoundingClientRect().left - 1;
}).length;
document.body.dataset.probe = JSON.stringify({
  boxes,
  chart: box && [box.left, box.top, box.right, box.bottom],
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  readout: readout && !readout.hidden ? readout.innerText : "",
  crossed,
  legends: legends.length,
  slid: names.length,
  hidden,
});
"""


def _probe(result: dict[str, Any], folder: Path, width: int) -> dict[str, Any]:
    probed: dict[str, Any] = browser.probe(html.render(result), _PROBE, folder, width)
    return probed


def test_the_browser_refuses_nothing_on_the_page(tmp_path: Path) -> None:
    dom, log = browser.dump(html.render(stored("no_go")), tmp_path, 1280)
    assert "CONSOLE" not in log
    # Only our script draws the hair line: it ran under the page's own policy.
    assert 'class="hair"' in dom


@pytest.mark.parametrize("width", [1280, 500])
def test_no_label_touches_another_or_leaves_the_chart(tmp_path: Path, width: int) -> None:
    probed = _probe(stored("no_go"), tmp_path, width)
    boxes = probed["boxes"]
    assert len(boxes) > 40
    left, top, right, bottom = probed["chart"]
    touching = []
    for index, (text, x1, y1, x2, y2) in enumerate(boxes):
        assert left <= x1 <= x2 <= right + 1, text
        assert top - 1 <= y1 <= y2 <= bottom + 1, text
        for other, a1, b1, a2, b2 in boxes[index + 1 :]:
            # Line boxes are higher than the letters: a pixel or two of them may meet.
            if min(x2, a2) - max(x1, a1) > 0.5 and min(y2, b2) - max(y1, b1) > 2.5:
                touching.append((text, other))
    assert touching == []
    assert probed["overflow"] == 0, "the page scrolls sideways"


@pytest.mark.parametrize("width", [1280, 500])
def test_no_line_of_the_plot_crosses_a_legend(tmp_path: Path, width: int) -> None:
    probed = _probe(stored("no_go"), tmp_path, width)
    assert probed["legends"] > 10
    assert probed["crossed"] == []


def test_a_table_that_slides_sideways_keeps_the_names_of_its_rows(tmp_path: Path) -> None:
    probed = _probe(stored("no_go"), tmp_path, 500)
    assert probed["slid"] >= 2
    assert probed["hidden"] == 0


def test_the_pointer_reads_the_values_of_a_moment(tmp_path: Path) -> None:
    readout = _probe(stored("go"), tmp_path, 1280)["readout"]
    assert re.search(r"at 1:1\d", readout)
    assert re.search(r"p99 \d+ ms", readout)


def test_a_run_without_a_timeline_still_makes_a_page(tmp_path: Path) -> None:
    probed = _probe(stored("inconclusive"), tmp_path, 500)
    assert probed["chart"] is None
    assert probed["overflow"] == 0
