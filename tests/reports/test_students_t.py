"""Student's t, against the tables."""

from __future__ import annotations

import math

import pytest

from reports.figures.students_t import t_95


@pytest.mark.parametrize(("freedom", "t"), [(1, 12.706), (30, 2.042), (60, 2.000), (1000, 1.962)])
def test_student_s_t_is_that_of_the_tables(freedom: int, t: float) -> None:
    assert t_95(freedom) == pytest.approx(t, abs=0.002)


def test_without_a_degree_of_freedom_nothing_is_known() -> None:
    assert math.isinf(t_95(0))
