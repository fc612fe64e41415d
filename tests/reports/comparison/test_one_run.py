"""One new run beside several earlier ones."""

from __future__ import annotations

import random

import pytest

from reports.comparison import statistics
from reports.comparison.model import Word
from reports.comparison.one_run import FEWEST, against


def word(baseline: list[float], new: float, margin: float) -> Word:
    estimate = against(baseline, new)
    assert estimate is not None
    return statistics.word(estimate, estimate.p_value, margin)


def test_the_interval_is_that_of_the_next_run() -> None:
    estimate = against([100.0, 102.0, 98.0, 101.0, 99.0], 110.0)
    assert estimate is not None
    assert (estimate.n, estimate.paired, estimate.freedom) == (1, False, 4.0)
    assert estimate.ratio == pytest.approx(1.1, abs=0.001)
    low, high = estimate.interval()
    # t(4) 2.776, deviation 1.58 %, √(1 + 1/5)
    assert (low, high) == pytest.approx((1.048, 1.154), abs=0.002)


def test_a_third_more_bytes_are_worse_and_the_usual_spread_is_not() -> None:
    baseline = [2300.0, 2310.0, 2295.0, 2304.0, 2299.0]
    assert word(baseline, 3000.0, 0.1) is Word.WORSE
    assert word(baseline, 2302.0, 0.1) is Word.SAME
    assert word(baseline, 1500.0, 0.1) is Word.BETTER
    assert word([2300.0, 2900.0, 2000.0], 2900.0, 0.1) is Word.UNDECIDED


def test_equal_runs_make_any_change_certain() -> None:
    assert word([2300.0] * 3, 2300.0, 0.1) is Word.SAME
    assert word([2300.0] * 3, 2600.0, 0.1) is Word.WORSE


@pytest.mark.parametrize("runs", range(FEWEST))
def test_few_runs_do_not_show_their_spread(runs: int) -> None:
    assert against([1.0] * runs, 1.0) is None


def test_identical_sides_are_called_worse_in_at_most_two_percent() -> None:
    draw = random.Random(11)
    called = 0
    for _ in range(1000):
        *baseline, new = (draw.lognormvariate(0.0, 0.05) for _ in range(6))
        called += word(baseline, new, 0.02) in (Word.WORSE, Word.BETTER)
    assert called <= 30  # 20 are expected of 1000, with a standard deviation of 4.4
