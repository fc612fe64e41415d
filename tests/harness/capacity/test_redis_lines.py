"""Straight lines and their intervals, against values worked out by hand."""

from __future__ import annotations

import math

import pytest

from harness.capacity.redis_size import lines


def test_points_on_a_line_have_its_slope_and_no_interval_to_speak_of() -> None:
    found = lines.slope([1.0, 2.0, 4.0], [5.0, 7.0, 11.0])
    assert found.value == pytest.approx(2.0)
    assert found.low == pytest.approx(2.0)
    assert found.high == pytest.approx(2.0)
    assert found.off == pytest.approx(0.0)


def test_the_interval_of_a_slope_is_students() -> None:
    # y = x, but for residuals of +1, -2, +1 about the line: s = √6, Σ(x - x̄)² = 2.
    found = lines.slope([0.0, 1.0, 2.0], [1.0, -1.0, 3.0])
    assert found.value == pytest.approx(1.0)
    half = 12.706 * math.sqrt(6) / math.sqrt(2)
    assert found.high is not None
    assert found.high - found.value == pytest.approx(half)


def test_a_line_through_two_points_has_no_interval() -> None:
    found = lines.slope([1.0, 2.0], [1.0, 3.0])
    assert (found.value, found.low, found.high) == (2.0, None, None)


def test_the_mean_has_students_interval() -> None:
    found = lines.mean([1.0, 2.0, 3.0])
    assert found.value == 2.0
    assert found.low == pytest.approx(2.0 - 4.303 / math.sqrt(3), abs=1e-3)
    assert found.off == pytest.approx(0.5)


def test_one_value_has_no_interval() -> None:
    assert lines.mean([3.0]) == lines.Estimate(3.0, None, None, 0.0)


def test_a_mean_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        lines.mean([])


def test_every_point_counts_alike_in_a_ratio() -> None:
    found = lines.ratio([10.0, 1000.0], [30.0, 5000.0])
    assert found.value == pytest.approx(4.0)
    assert found.off == pytest.approx(0.25)
