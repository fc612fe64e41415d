"""The page of a comparison in a real browser: nothing is refused, cut off, or overlapping."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.render.comparison import page
from tests.reports import browser
from tests.reports.comparison import a_comparison

pytestmark = pytest.mark.service

_PROBE = """
const box = (node) => {
  const at = node.getBoundingClientRect();
  return [node.textContent, at.left, at.top, at.right, at.bottom];
};
const shown = (node) => node.getClientRects().length > 0;
const chart = document.querySelector("svg.chart");
if (chart) {
  const at = chart.getBoundingClientRect();
  chart.dispatchEvent(new PointerEvent("pointermove", {
    clientX: at.left + at.width / 2, clientY: at.top + 100, bubbles: true}));
}
const readout = document.querySelector("output.readout");
document.body.dataset.probe = JSON.stringify({
  labels: chart ? [...chart.querySelectorAll("text")].map(box) : [],
  axis: [...document.querySelectorAll("thead .bar text")].filter(shown).map(box),
  words: [...document.querySelectorAll(".compared .word")].filter(shown).length,
  bars: [...document.querySelectorAll("tbody .bar")].filter(shown).map(box),
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  width: document.documentElement.clientWidth,
  cut: [...document.querySelectorAll(".compared td, .compared tbody th")].filter(
    (cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.innerText),
  headings: [...document.querySelectorAll("h2")].map((node) => node.innerText),
  readout: readout && !readout.hidden ? readout.innerText : "",
});
"""


def test_the_browser_refuses_nothing_on_the_page(tmp_path: Path) -> None:
    dom, log = browser.dump(page.render(a_comparison.comparison()), tmp_path, 1280)
    assert "CONSOLE" not in log
    # Only our script draws the hair line: it ran under the page's own policy.
    assert 'class="hair"' in dom


@pytest.mark.parametrize("width", [1280, 500])
def test_nothing_is_cut_off_or_touches_and_the_pointer_reads_both_sides(
    tmp_path: Path, width: int
) -> None:
    made = a_comparison.comparison()
    probed = browser.probe(page.render(made), _PROBE, tmp_path, width)
    assert probed["headings"] == [
        *("What differs in the set-up", "Facts", "Figures", "Timelines"),
    ]
    assert probed["words"] == len(made.facts) + len(made.changes)
    assert len(probed["bars"]) == len(made.changes)
    # A bar that is too short cannot be read; one that is too long leaves the page.
    assert all(left >= 0 and right <= width for _, left, _, right, _ in probed["bars"])
    assert all(right - left >= 200 for _, left, _, right, _ in probed["bars"])
    assert probed["overflow"] <= 0
    assert probed["cut"] == []
    for labels in (probed["labels"], probed["axis"]):
        assert len(labels) >= 5
        touching = [
            (one[0], other[0])
            for place, one in enumerate(labels)
            for other in labels[place + 1 :]
            if min(one[3], other[3]) - max(one[1], other[1]) > 1
            and min(one[4], other[4]) - max(one[2], other[2]) > 3
        ]
        assert touching == []
    for side in ("A", "B"):
        assert f"{side} p99 " in probed["readout"]
