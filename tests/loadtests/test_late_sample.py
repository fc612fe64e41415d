from __future__ import annotations

import random

from loadtests.arrivals.late_sample import LateSample


def _sample(indices: list[int], arrivals: int, most: int, seed: int = 3) -> list[int]:
    sample: LateSample[int] = LateSample(arrivals, most, seed)
    for index in indices:
        sample.offer(index, index)
    return sample.chosen()


def test_few_conversations_are_all_kept() -> None:
    assert _sample([2, 0, 1], arrivals=3, most=5) == [0, 1, 2]


def test_one_of_each_stretch_is_kept_in_any_order() -> None:
    indices = list(range(10_000))
    chosen = _sample(indices, arrivals=10_000, most=200)
    assert [index // 50 for index in chosen] == list(range(200))
    random.Random(1).shuffle(indices)
    assert _sample(indices, arrivals=10_000, most=200) == chosen


def test_the_draw_is_fair_within_a_stretch_and_differs_with_the_seed() -> None:
    places = [index % 50 for seed in range(20) for index in _sample([*range(2000)], 2000, 40, seed)]
    assert len(set(places)) == 50
    assert 20 < sum(places) / len(places) < 29
