"""Confidence intervals against published values, brute force and simulated samples."""

from __future__ import annotations

import random
from math import comb

import pytest

from reports.measures.intervals import (
    binomial_tail,
    judge_share,
    percentile_interval,
    share_interval,
)
from reports.records import Status


def by_hand(bad: int, turns: int, share: float) -> float:
    """The probability of at least `bad`: 1 less that of fewer."""
    return 1 - sum(comb(turns, n) * share**n * (1 - share) ** (turns - n) for n in range(bad))


@pytest.mark.parametrize("turns", [1, 2, 7, 30, 200])
@pytest.mark.parametrize("share", [0.001, 0.01, 0.3, 0.5, 0.99])
def test_the_binomial_tail_is_the_sum_of_its_terms(turns: int, share: float) -> None:
    for bad in range(turns + 1):
        assert binomial_tail(bad, turns, share) == pytest.approx(
            by_hand(bad, turns, share), abs=1e-10
        )


@pytest.mark.parametrize(
    ("bad", "turns", "low", "high"),
    [
        # The 95 % intervals that textbooks and R's binom.test print.
        (0, 10, 0.0, 0.30850),
        (1, 10, 0.00253, 0.44502),
        (5, 10, 0.18709, 0.81291),
        (10, 10, 0.69150, 1.0),
        (4, 20, 0.05733, 0.43661),
        (81, 263, 0.25273, 0.36764),
        (1, 130, 0.00019, 0.04211),
        (682, 925, 0.70767, 0.76541),
    ],
)
def test_the_interval_of_a_share_is_the_published_one(
    bad: int, turns: int, low: float, high: float
) -> None:
    assert share_interval(bad, turns) == pytest.approx((low, high), abs=2e-5)


def test_the_interval_of_a_share_of_a_million_turns_is_close_to_the_normal_one() -> None:
    low, high = share_interval(10_000, 1_000_000)
    assert low == pytest.approx(0.01 - 1.96 * 9.95e-5, rel=1e-3)
    assert high == pytest.approx(0.01 + 1.96 * 9.95e-5, rel=1e-3)


def test_the_interval_of_a_percentile_leaves_an_equal_part_outside_on_each_side() -> None:
    for turns in (368, 500, 1000, 3000):
        ordered = range(1, turns + 1)
        low, high = percentile_interval(ordered, 99)
        assert high is not None
        beyond = turns - int(low) + 1
        assert by_hand(beyond, turns, 0.01) <= 0.025 < by_hand(beyond - 1, turns, 0.01)
        below = turns - int(high)
        assert 1 - by_hand(below + 1, turns, 0.01) <= 0.025 < 1 - by_hand(below + 2, turns, 0.01)


@pytest.mark.parametrize(("turns", "has_end"), [(1, False), (367, False), (368, True)])
def test_the_interval_of_a_p99_has_no_upper_end_below_368_turns(turns: int, has_end: bool) -> None:
    assert (percentile_interval(range(turns), 99)[1] is not None) == has_end


def test_the_interval_of_a_percentile_holds_the_true_value_19_times_in_20() -> None:
    chance = random.Random(3)
    held = 0
    for _ in range(400):
        low, high = percentile_interval(sorted(chance.random() for _ in range(600)), 99)
        assert high is not None
        held += low <= 0.99 <= high
    assert held >= 372  # of a binomial with 0.95 or more: fewer in 1 of 1,000


@pytest.mark.parametrize(
    ("bad", "turns", "limit", "status"),
    [
        (0, 1, 0.01, Status.PASS),  # the slowest of one was fast
        (1, 98, 0.01, Status.UNKNOWN),
        (1, 99, 0.01, Status.UNKNOWN),  # no cliff where a p99 stops being the slowest turn
        (1, 100, 0.01, Status.UNKNOWN),
        (1, 101, 0.01, Status.UNKNOWN),
        (4, 99, 0.01, Status.FAIL),
        (4, 100, 0.01, Status.FAIL),
        (1, 299, 0.01, Status.UNKNOWN),
        (3, 300, 0.01, Status.PASS),
        (4, 300, 0.01, Status.UNKNOWN),
        (8, 300, 0.01, Status.FAIL),
        (30, 3000, 0.01, Status.PASS),
        (40, 3000, 0.01, Status.UNKNOWN),
        (45, 3000, 0.01, Status.FAIL),
        (0, 130, 0.001, Status.PASS),  # none of a smoke run
        (1, 130, 0.001, Status.UNKNOWN),
        (3, 130, 0.001, Status.FAIL),
        (3, 3000, 0.001, Status.PASS),
        (0, 50, 0.0, Status.PASS),
        (1, 1_000_000, 0.0, Status.FAIL),  # where none may be bad, one is too many
        (5, 5, 1.0, Status.PASS),
    ],
)
def test_a_share_is_judged_by_its_interval(
    bad: int, turns: int, limit: float, status: Status
) -> None:
    assert judge_share(bad, turns, limit) is status


def test_more_bad_turns_are_never_judged_better() -> None:
    rank = {Status.PASS: 0, Status.UNKNOWN: 1, Status.FAIL: 2}
    for turns in (1, 20, 99, 100, 299, 300, 1000):
        ranks = [rank[judge_share(bad, turns, 0.01)] for bad in range(turns + 1)]
        assert ranks == sorted(ranks)


@pytest.mark.parametrize(("bad", "turns"), [(-1, 10), (11, 10)])
def test_an_impossible_count_is_refused(bad: int, turns: int) -> None:
    with pytest.raises(ValueError, match="bad must be from 0 to 10"):
        binomial_tail(bad, turns, 0.5)


def test_an_impossible_question_is_refused() -> None:
    with pytest.raises(ValueError, match="share must be from 0 to 1"):
        binomial_tail(1, 2, 1.5)
    with pytest.raises(ValueError, match="turns must be more than 0"):
        share_interval(0, 0)
    with pytest.raises(ValueError, match="values must not be empty"):
        percentile_interval([], 99)
    with pytest.raises(ValueError, match="p must be more than 0 and less than 100"):
        percentile_interval([1.0], 100)
