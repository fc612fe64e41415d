"""Nearest-rank percentiles against their definition."""

from __future__ import annotations

import random

import pytest

from reports.measures.percentiles import median, percentile


@pytest.mark.parametrize(
    ("count", "p", "expected"),
    [
        (100, 99, 99),  # of 99 fast turns and one slow, the p99 is fast
        (100, 100, 100),
        (1000, 99.9, 999),
        (1000, 99, 990),
        (10, 50, 5),
        (10, 99, 10),
        (1, 50, 1),
        (3, 50, 2),
    ],
)
def test_the_rank_is_the_smallest_that_covers_the_share(
    count: int, p: float, expected: int
) -> None:
    assert percentile(range(1, count + 1), p) == expected


def test_at_least_p_percent_do_not_exceed_it_and_fewer_do_not_exceed_any_smaller_value() -> None:
    chance = random.Random(1)
    for _ in range(200):
        values = sorted(
            chance.choice([0.1, 0.2, chance.random()]) for _ in range(chance.randint(1, 60))
        )
        p = chance.choice([1, 25, 50, 90, 95, 99])
        found = percentile(values, p)
        assert sum(v <= found for v in values) * 100 >= p * len(values)
        assert sum(v < found for v in values) * 100 < p * len(values)


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


@pytest.mark.parametrize("p", [0, -1, 100.1])
def test_a_percentile_outside_its_range_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="p must be more than 0"):
        percentile([1.0], p)


def test_the_median_sorts_for_itself() -> None:
    assert median([3.0, 1.0, 2.0]) == 2.0
