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
document.body.dataset.probe = JSON.stringify({
  boxes,
  chart: box && [box.left, box.top, box.right, box.bottom],
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  readout: readout && !readout.hidden ? readout.innerText : "",
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


def test_the_pointer_reads_the_values_of_a_moment(tmp_path: Path) -> None:
    readout = _probe(stored("go"), tmp_path, 1280)["readout"]
    assert re.search(r"at 1:1\d", readout)
    assert re.search(r"p99 \d+ ms", readout)


def test_a_run_without_a_timeline_still_makes_a_page(tmp_path: Path) -> None:
    probed = _probe(stored("inconclusive"), tmp_path, 500)
    assert probed["chart"] is None
    assert probed["overflow"] == 0
