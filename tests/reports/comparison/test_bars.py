"""The bars of the figures: axis, margin, interval, arrows."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from reports.comparison.model import Change, Word
from reports.render.comparison import bars
from tests.reports.comparison.a_comparison import CHANGES, change, without_statement


def figure(low: float, high: float, margin: float = 0.02) -> Change:
    """A figure whose ratio has this interval."""
    middle = (low * high) ** 0.5
    return change(
        *("p50", "p50", "s", 1.0, middle, Word.UNDECIDED), low=low, high=high, margin=margin
    )


def drawn(each: Change, *others: Change) -> dict[str, list[ElementTree.Element]]:
    """The elements of a figure's bar, by class; the axis suits all figures."""
    found: dict[str, list[ElementTree.Element]] = {}
    for element in ElementTree.fromstring(bars.draw(each, bars.axis_of([each, *others]))):
        found.setdefault(element.attrib["class"], []).append(element)
    return found


@pytest.mark.parametrize(
    ("figures", "reach"),
    [
        ([], 5),
        ([figure(0.99, 1.01)], 5),
        ([figure(0.99, 1.07)], 10),
        ([figure(0.99, 1.01, margin=0.1)], 20),
        ([figure(0.99, 1.07), figure(3.0, 3.1)], 10),
        ([figure(0.55, 1.45)], 50),
    ],
)
def test_the_axis_holds_every_interval_up_to_a_half(figures: list[Change], reach: float) -> None:
    axis = bars.axis_of(figures)
    assert (axis.low, axis.high) == (-reach, reach)


def test_the_interval_lies_on_the_axis_where_its_ends_are() -> None:
    each = figure(0.99, 1.05)
    axis = bars.axis_of([each])
    (interval,) = drawn(each)["interval"]
    assert float(interval.attrib["x1"]) == pytest.approx(axis(-1), abs=0.06)
    assert float(interval.attrib["x2"]) == pytest.approx(axis(5), abs=0.06)
    (margin,) = drawn(each)["margin"]
    assert float(margin.attrib["x"]) == pytest.approx(axis(-2), abs=0.06)
    assert float(margin.attrib["width"]) == pytest.approx(axis(2) - axis(-2), abs=0.1)


def test_an_interval_beyond_the_axis_ends_in_an_arrow() -> None:
    parts = drawn(figure(0.99, 3.0))
    assert len(parts["arrow"]) == 1
    assert len(parts["end"]) == 1
    assert "dot" not in parts
    assert len(drawn(figure(0.2, 3.0))["arrow"]) == 2


def test_a_figure_without_statement_is_a_dot_without_an_interval() -> None:
    parts = drawn(without_statement(CHANGES[0], "one run a side"))
    assert "interval" not in parts
    assert len(parts["dot"]) == 1
    assert 'class="bar none"' in bars.draw(without_statement(CHANGES[0], ""), bars.axis_of(CHANGES))


def test_a_figure_that_one_side_lacks_has_neither_dot_nor_interval() -> None:
    parts = drawn(CHANGES[-1])
    assert not {"dot", "interval", "arrow"} & set(parts)
