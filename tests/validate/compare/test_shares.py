"""Pairings, and shares over them."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from reports.measures.intervals import share_interval
from tests.validate.compare.pairings import Pairing, how_many, pairings
from tests.validate.compare.shares import blocks_needed, interval, share


@pytest.mark.parametrize(("recorded", "size", "count"), [(5, 3, 60), (4, 4, 6), (20, 5, 310_080)])
def test_all_pairings_are_counted(recorded: int, size: int, count: int) -> None:
    assert how_many(recorded, size) == count


def test_few_pairings_are_all_made_once() -> None:
    made = pairings(range(5), 3, most=100)
    assert len(set(made)) == len(made) == how_many(5, 3)


def test_of_many_pairings_different_ones_are_drawn() -> None:
    made = pairings(range(20), 5, most=500)
    assert len(set(made)) == 500
    assert made == pairings(range(20), 5, most=500)
    places = Counter(place for each in made for place in each.pairs)
    assert set(places) == set(range(20))


def test_side_a_is_first_in_half_of_the_pairs() -> None:
    for size, allowed in ((4, {2}), (5, {2, 3})):
        assert {len(each.a_first) for each in pairings(range(8), size, most=300)} == allowed


def test_too_few_pairs_make_no_pairing() -> None:
    assert pairings(range(2), 3, most=10) == []


def test_the_interval_without_an_alarm_is_that_of_clopper_and_pearson() -> None:
    assert interval(0, 73)[0] == 0
    assert interval(0, 73)[1] == pytest.approx(share_interval(0, 73)[1])


def test_the_interval_holds_that_of_clopper_and_pearson() -> None:
    for bad, turns in ((1, 20), (7, 30), (19, 20)):
        low, high = interval(bad / turns, turns)
        exact_low, exact_high = share_interval(bad, turns)
        assert low <= exact_low + 1e-6
        assert high >= exact_high - 1e-6


def test_so_many_disjoint_comparisons_are_needed() -> None:
    needed = blocks_needed(0.05)
    assert interval(0, needed)[1] < 0.05 <= interval(0, needed - 1)[1]


def test_comparisons_that_share_pairs_do_not_count_as_independent() -> None:
    """One pair of twenty makes an alarm of each comparison that it is in."""
    made = pairings(range(20), 3, most=2_000)
    found = share(made, [7 in each.pairs for each in made], blocks=6)
    assert found.value == pytest.approx(3 / 20, abs=0.03)
    assert found.effective is not None
    assert found.effective < 20
    assert found.by_pairs is not None
    assert found.by_pairs[1] > 0.3


def test_alarms_that_depend_on_no_pair_count_for_more() -> None:
    made = pairings(range(20), 3, most=2_000)
    draw = random.Random(1)
    found = share(made, [draw.random() < 0.15 for _ in made], blocks=6)
    assert found.effective is not None
    assert found.effective > 100


def test_nothing_is_estimated_from_a_share_of_zero() -> None:
    made = pairings(range(6), 3, most=2_000)
    found = share(made, [False for _ in made], blocks=2)
    assert found.by_pairs is None
    assert found.by_blocks[0] == 0
    assert found.by_blocks[1] == pytest.approx(1 - 0.025**0.5)


def test_a_share_needs_pairings() -> None:
    with pytest.raises(ValueError, match="pairings"):
        share([], [], blocks=1)


def test_a_single_pairing_of_all_pairs_has_no_interval_by_pairs() -> None:
    made = [Pairing((0, 1, 2), frozenset({0})), Pairing((0, 1, 2), frozenset({1}))]
    assert share(made, [True, False], blocks=1).by_pairs is None
