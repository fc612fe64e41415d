"""Changes in series of known values."""

from __future__ import annotations

import math
import random

import pytest

from reports.history.change_points import FEWEST, find


def series(*levels: tuple[int, float], spread: float = 0.02, seed: int = 5) -> list[float]:
    """Noisy values: for each level its number of runs and its height."""
    draw = random.Random(seed)
    return [level * draw.gauss(1, spread) for count, level in levels for _ in range(count)]


def test_a_step_of_15_percent_is_found_at_its_run() -> None:
    assert find(series((10, 1.0), (8, 1.15))) == [10]


def test_two_steps_are_found() -> None:
    assert find(series((9, 1.0), (9, 1.3), (9, 1.0))) == [9, 18]


def test_noise_alone_is_rarely_called_a_change() -> None:
    called = sum(bool(find(series((20, 1.0), spread=0.03, seed=n))) for n in range(50))
    assert called <= 4


@pytest.mark.slow
@pytest.mark.parametrize(("runs", "false", "found"), [(8, 0.05, 0.6), (20, 0.02, 0.95)])
def test_a_step_of_10_percent_is_found_as_often_as_the_page_says(
    runs: int, false: float, found: float
) -> None:
    # 300 series; three standard errors are allowed.
    def share(*levels: tuple[int, float]) -> float:
        return sum(bool(find(series(*levels, spread=0.03, seed=n))) for n in range(300)) / 300

    def beyond(expected: float) -> float:
        return 3 * math.sqrt(expected * (1 - expected) / 300)

    assert share((runs, 1.0)) <= false + beyond(false)
    assert share((runs // 2, 1.0), (runs - runs // 2, 1.1)) >= found - beyond(found)


def test_a_step_of_one_percent_is_not_called_a_change() -> None:
    assert find(series((20, 1.0), (20, 1.01), spread=0.001)) == []


def test_equal_values_have_no_change() -> None:
    assert find([2300.0] * 20) == []


@pytest.mark.parametrize("count", range(FEWEST))
def test_few_runs_say_nothing(count: int) -> None:
    assert find([1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0][:count]) == []
