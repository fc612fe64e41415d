"""A size of Redis that is left out is foreseen from the others, and its distance is told."""

from __future__ import annotations

import pytest

from harness.capacity.redis_size import foresee
from tests.harness.capacity.test_redis_fit import fitted, point

ALL = (point(10_000), point(100_000), point(300_000))


def test_points_on_the_lines_are_foreseen_exactly() -> None:
    found = fitted(*ALL).foreseen
    assert [each.sessions for each in found] == [10_000, 100_000, 300_000]
    for each in found:
        assert len(each.off) == 7
        assert list(each.off.values()) == pytest.approx([0.0] * 7, abs=1e-9)


def test_a_largest_size_that_takes_more_than_the_others_say_is_told() -> None:
    *smaller, _ = ALL
    last = foresee.foreseen([*smaller, point(300_000, off=1.25)])[-1]
    assert last.off["live memory"] == pytest.approx(1 / 1.25 - 1)
    assert last.off["restart"] == pytest.approx(0, abs=1e-9)  # a line through the bytes


def test_two_sizes_foresee_nothing() -> None:
    assert foresee.foreseen(ALL[:2]) == ()
