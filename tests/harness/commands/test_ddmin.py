"""The smallest part that still fails, against every set of culprits and against random ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.commands.ddmin import minimise

Question = Callable[[Sequence[int]], bool]


def counted(culprits: Sequence[int]) -> tuple[Question, list[Sequence[int]]]:
    """Fails when all culprits are there; and the list of all that was asked."""
    asked: list[Sequence[int]] = []

    def fails(part: Sequence[int]) -> bool:
        asked.append(part)
        return set(culprits) <= set(part)

    return fails, asked


@pytest.mark.parametrize("size", range(1, 9))
def test_exactly_the_needed_items_are_found(size: int) -> None:
    items = list(range(size))
    for count in range(1, size + 1):
        for culprits in combinations(items, count):
            ask, asked = counted(culprits)
            assert minimise(items, ask) == list(culprits)
            assert len(asked) <= size * size + 3 * size


def test_one_culprit_of_many_is_found_in_few_questions() -> None:
    ask, asked = counted([37])
    assert minimise(range(64), ask) == [37]
    assert len(asked) <= 2 * 6


@given(st.sets(st.frozensets(st.integers(0, 9), min_size=1, max_size=4), min_size=1, max_size=4))
def test_one_of_several_sufficient_causes_is_left_whole(causes: set[frozenset[int]]) -> None:
    def fails(part: Sequence[int]) -> bool:
        return any(cause <= set(part) for cause in causes)

    items = sorted(set().union(*causes))
    left = minimise(items, fails)
    assert fails(left)
    for item in left:
        assert not fails([each for each in left if each != item])


def test_all_are_kept_when_all_are_needed() -> None:
    assert minimise([3, 1, 2], lambda part: len(part) == 3) == [3, 1, 2]
