"""One new run beside several earlier ones."""

from __future__ import annotations

import random
from typing import Any

import pytest

from reports.comparison import statistics
from reports.comparison.compare import compare
from reports.comparison.metrics import Metric
from reports.comparison.model import Change, Word
from reports.comparison.one_run import FEWEST, against
from reports.comparison.sides import of_results
from tests.reports.history.a_folder import a_result


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


def five_and_one(new: dict[str, Any], **options: Any) -> dict[str, Change]:
    """The figures of a new run beside five of a baseline on the same machine, by their keys."""
    spread = (1.0, 1.01, 0.99, 1.005, 0.995)
    runs = [a_result(day, redis_bytes=2300 * x, p99=0.4 * x) for day, x in enumerate(spread, 1)]
    compared = compare(of_results(runs, "main"), of_results([new], "new"), **options)
    return {each.key: each for each in compared.changes}


def test_a_new_run_is_compared_with_a_baseline_where_no_machine_is_needed() -> None:
    changes = five_and_one(a_result(20, redis_bytes=3000.0, p99=0.9))
    bytes_per_turn = changes["redis_bytes_per_turn"]
    assert (bytes_per_turn.word, bytes_per_turn.n) == (Word.WORSE, 1)
    assert changes["p99"].word is Word.NO_STATEMENT
    assert "All of A was played before B" in changes["p99"].why


def test_a_new_run_soon_after_the_baseline_is_not_taken_for_runs_in_turns() -> None:
    new = a_result(5, p99=0.9)
    new["name"], new["run_id"] = "soon", "soon"
    new["started"] = new["started"].replace(":30:", ":40:")
    assert five_and_one(new)["p99"].word is Word.NO_STATEMENT


def test_latency_of_a_new_run_is_compared_where_the_user_knows_the_machine() -> None:
    new = a_result(20, p99=0.9)
    assert five_and_one(new, same_machine=True)["p99"].word is Word.WORSE


def test_a_figure_beside_the_usual_ones_is_compared_with_its_margin() -> None:
    peak = Metric(
        "peak", "Peak", "bytes", lambda result: result["memory"]["peak_bytes"],
        needs_one_machine=False,
    )  # fmt: skip
    new = a_result(20)
    new["memory"]["peak_bytes"] *= 1.15
    assert five_and_one(new, more=[peak])["peak"].word is Word.WORSE
    assert five_and_one(new, more=[peak], margin={"peak": 0.2})["peak"].word is Word.SAME
