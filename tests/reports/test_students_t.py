"""Student's t, against the tables."""

from __future__ import annotations

import math

import pytest

from reports.figures.students_t import t_95, tail, upper_quantile


@pytest.mark.parametrize(("freedom", "t"), [(1, 12.706), (30, 2.042), (60, 2.000), (1000, 1.962)])
def test_student_s_t_is_that_of_the_tables(freedom: int, t: float) -> None:
    assert t_95(freedom) == pytest.approx(t, abs=0.002)


def test_without_a_degree_of_freedom_nothing_is_known() -> None:
    assert math.isinf(t_95(0))


@pytest.mark.parametrize(
    ("freedom", "probability", "t"),
    [(4, 0.025, 2.7764), (4, 0.001, 7.1732), (9, 0.005, 3.2498), (1, 0.05, 6.3138)],
)
def test_any_quantile_is_that_of_the_tables(freedom: float, probability: float, t: float) -> None:
    assert upper_quantile(probability, freedom) == pytest.approx(t, abs=1e-4)
    assert tail(t, freedom) == pytest.approx(probability, rel=1e-3)
    assert tail(-t, freedom) == pytest.approx(1 - probability, rel=1e-3)


def test_a_quantile_between_whole_degrees_lies_between_theirs() -> None:
    assert upper_quantile(0.025, 5) < upper_quantile(0.025, 4.5) < upper_quantile(0.025, 4)
