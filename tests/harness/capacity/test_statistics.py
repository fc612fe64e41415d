"""Ratios and least squares, against values worked out by hand or known by construction."""

from __future__ import annotations

import math
import random

import pytest

from harness.capacity.statistics import least_squares, ratio, t_95


def test_the_ratio_is_that_of_the_sums() -> None:
    found = ratio([1.0, 3.0], [1.0, 1.0])
    assert found is not None
    assert found.value == 2.0
    # Residuals −1 and 1: variance of the mean 1, Student's t of one degree of freedom.
    assert found.margin == pytest.approx(12.706)


def test_the_ratio_of_equal_batches_is_exact() -> None:
    found = ratio([0.2, 0.4, 0.1], [2.0, 4.0, 1.0])
    assert found is not None
    assert found.value == pytest.approx(0.1)
    assert found.margin == pytest.approx(0.0, abs=1e-12)


def test_a_single_batch_has_no_interval_and_no_count_has_no_ratio() -> None:
    single = ratio([1.0], [4.0])
    assert single is not None
    assert math.isinf(single.margin)
    assert ratio([1.0, 2.0], [0.0, 0.0]) is None


def test_the_interval_of_a_ratio_holds_the_true_value_in_95_of_100() -> None:
    rng = random.Random(1)
    inside = 0
    for _ in range(400):
        counts = [float(rng.randint(5, 15)) for _ in range(8)]
        amounts = [rng.gauss(0.03 * count, 0.02) for count in counts]
        found = ratio(amounts, counts)
        assert found is not None
        inside += found.low <= 0.03 <= found.high
    assert 0.92 <= inside / 400 <= 0.98


def test_coefficients_are_found_again() -> None:
    rows = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 1.0]]
    found = least_squares(rows, [0.5 * a + 0.25 * b for a, b in rows])
    assert found is not None
    assert [each.value for each in found] == [pytest.approx(0.5), pytest.approx(0.25)]
    assert all(each.margin == pytest.approx(0, abs=1e-6) for each in found)


def test_noise_widens_the_interval_around_the_coefficient() -> None:
    rng = random.Random(2)
    rows = [[float(rng.randint(0, 9)), float(rng.randint(0, 9))] for _ in range(60)]
    found = least_squares(rows, [2 * a + 3 * b + rng.gauss(0, 1) for a, b in rows])
    assert found is not None
    for each, true in zip(found, (2.0, 3.0), strict=True):
        assert each.low < true < each.high
        assert 0.01 < each.margin < 0.5


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [[1.0, 2.0]],
        [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [4.0, 8.0]],
    ],
    ids=["no row", "fewer rows than coefficients", "columns that are multiples"],
)
def test_rows_that_do_not_determine_the_coefficients_give_none(rows: list[list[float]]) -> None:
    assert least_squares(rows, [1.0] * len(rows)) is None


@pytest.mark.parametrize(("freedom", "t"), [(1, 12.706), (30, 2.042), (60, 2.000), (1000, 1.962)])
def test_student_s_t_is_that_of_the_tables(freedom: int, t: float) -> None:
    assert t_95(freedom) == pytest.approx(t, abs=0.002)


def test_without_a_degree_of_freedom_nothing_is_known() -> None:
    assert math.isinf(t_95(0))
