"""When pairs are enough, on pairs that a seed draws: no run is played."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from harness.versus import stopping
from harness.versus.stopping import FEWEST_PRECISE, LOOKS, Primary, detectable, look, needed
from reports.comparison import statistics
from reports.comparison.model import Word
from reports.comparison.statistics import FAMILY_LEVEL, Estimate, Run
from reports.comparison.versus_file import Look

PRECISION = 0.05
SEED = 16


def estimate(change: float, spread: float, pairs: int) -> Estimate:
    """Of pairs whose runs vary by `spread` (a share) around a mean change (a logarithm)."""
    error = spread * math.sqrt(2 / pairs)
    return Estimate(pairs, True, change, error, 1.5 * (pairs - 1), spread)


def figure(change: float, spread: float, pairs: int, margin: float = 0.02) -> Primary:
    return Primary(estimate(change, spread, pairs), margin, level=FAMILY_LEVEL / 3)


@pytest.mark.parametrize(
    ("change", "spread", "pairs", "said"),
    [
        (0.5, 0.01, 5, Word.WORSE),
        (-0.5, 0.01, 5, Word.BETTER),
        (0.0, 0.001, 5, Word.SAME),
        (0.0, 0.02, 5, Word.UNDECIDED),
        # Its 95 % interval lies beyond the margin, its 99.9 % interval does not.
        (0.07, 0.02, 5, Word.UNDECIDED),
    ],
)
def test_an_early_word_needs_strong_evidence(
    change: float, spread: float, pairs: int, said: Word
) -> None:
    assert stopping.word(figure(change, spread, pairs)) is said


def test_the_word_is_about_less_or_more_as_the_figure_is() -> None:
    more_is_better = Primary(estimate(0.5, 0.01, 5), less_is_better=False)
    assert stopping.word(more_is_better) is Word.BETTER


def test_a_clear_difference_ends_the_pairs_at_the_first_look() -> None:
    found = look({"cpu": figure(0.7, 0.01, 3), "bytes": figure(0.0, 0.0001, 3)}, PRECISION)
    assert found is not None
    first, over = found
    assert first.words == {"cpu": "worse", "bytes": "same"}
    assert over == "every primary figure is decided by 3 pairs, on strong evidence"


def test_a_figure_that_is_neither_decided_nor_precise_keeps_the_pairs_going() -> None:
    found = look({"cpu": figure(0.7, 0.01, 10), "redis": figure(0.0, 0.05, 10)}, PRECISION)
    assert found is not None
    assert found[0].words == {"cpu": "worse", "redis": "undecided"}
    assert found[0].needed is not None
    assert found[0].needed > 10
    assert found[1] == ""


def test_a_decided_figure_need_not_be_precise() -> None:
    found = look({"cpu": figure(1.0, 0.05, 10), "redis": figure(0.02, 0.01, 10)}, PRECISION)
    assert found is not None
    assert found[0].words == {"cpu": "worse", "redis": "undecided"}
    assert found[1].startswith("the precision is reached: by their spread, 10 pairs find")


def test_there_is_no_look_between_the_planned_numbers_of_pairs() -> None:
    assert look({"cpu": figure(0.7, 0.01, 4)}, PRECISION) is None
    assert look({"cpu": figure(0.7, 0.01, 9)}, PRECISION) is None


def test_without_a_primary_figure_nothing_ends_the_pairs() -> None:
    assert look({}, PRECISION) is None


def test_the_pairs_that_the_precision_needs_follow_from_the_largest_spread() -> None:
    quiet, noisy = figure(0.0, 0.01, 5), figure(0.0, 0.02, 5)
    few, many = needed([quiet], PRECISION), needed([quiet, noisy], PRECISION)
    assert few is not None
    assert many is not None
    assert few < many
    assert detectable(noisy, many) <= PRECISION < detectable(noisy, many - 1)
    assert needed([figure(0.0, 0.5, 5)], PRECISION) is None


def test_a_small_spread_of_three_pairs_does_not_count_as_precise() -> None:
    # At the edge of the margin, where no evidence is strong.
    edge = math.log1p(0.02)
    assert look({"cpu": figure(edge, 0.001, 3)}, PRECISION) == (
        Look(pairs=3, words={"cpu": "undecided"}, needed=FEWEST_PRECISE),
        "",
    )
    found = look({"cpu": figure(edge, 0.001, 5)}, PRECISION)
    assert found is not None
    assert "the precision is reached" in found[1]


def test_beside_others_an_early_word_needs_ten_times_the_evidence() -> None:
    # Beyond the margin by its 99.9 % interval, not by its 99.99 % one.
    free = figure(0.11, 0.02, 5)
    assert stopping.word(free) is Word.WORSE
    assert stopping.word(replace(free, stricter=10.0)) is Word.UNDECIDED


def test_no_precision_ends_the_pairs_while_one_side_is_disturbed_more() -> None:
    edge = math.log1p(0.02)
    even, uneven = (Primary(estimate(edge, 0.001, 5), uneven=each) for each in (False, True))
    found = [look({"cpu": each}, PRECISION) for each in (even, uneven)]
    assert found[0] is not None
    assert found[1] is not None
    assert "the precision is reached" in found[0][1]
    assert found[1] == (Look(pairs=5, words={"cpu": "undecided"}, uneven=True), "")


Over = Callable[[Mapping[str, Primary]], bool]
NO_MARGIN = 1e-9
"""Every look may raise an alarm: with a margin A/A pairs hardly ever raise one."""
SPREADS = {"cpu": 0.03, "redis": 0.02, "bytes": 0.001}
"""From run to run, shares."""


def outcome(draw: random.Random, effect: float, margin: float, over: Over) -> tuple[bool, int]:
    """Whether the comparison at the end of the pairs calls a figure worse or better, and how many
    pairs there are.  The first figure has the effect; at most ten pairs are played."""
    runs: dict[str, list[tuple[Run, Run]]] = {key: [] for key in SPREADS}
    shift = {"cpu": math.log1p(effect)}
    for number in range(10):
        first, second = (0, 1) if number % 2 == 0 else (1, 0)
        for key, spread in SPREADS.items():
            values = [math.exp(draw.gauss(0, spread)) for _ in "AB"]
            values[1] *= math.exp(shift.get(key, 0))
            a, b = (
                Run(value, SEED, 2 * number + place)
                for value, place in zip(values, (first, second), strict=True)
            )
            runs[key].append((a, b))
        figures = {
            key: Primary(found, margin, level=FAMILY_LEVEL / 3)
            for key, pairs in runs.items()
            if number + 1 in LOOKS and (found := statistics.paired(pairs)) is not None
        }
        if figures and over(figures):
            break
    return _alarm({key: found.estimate for key, found in figures.items()}, margin), number + 1


def _alarm(estimates: Mapping[str, Estimate], margin: float) -> bool:
    adjusted = statistics.holm(
        {key: each.p_value for key, each in estimates.items()}, dict.fromkeys(estimates, 1.0)
    )
    words = {statistics.word(each, adjusted[key], margin) for key, each in estimates.items()}
    return bool(words & {Word.WORSE, Word.BETTER})


def alarms(count: int, effect: float, margin: float, over: Over) -> tuple[float, float]:
    """The share of comparisons with an alarm, and the mean number of pairs."""
    draw = random.Random(SEED)
    found = [outcome(draw, effect, margin, over) for _ in range(count)]
    return sum(each for each, _ in found) / count, sum(each for _, each in found) / count


def by_rule(figures: Mapping[str, Primary]) -> bool:
    found = look(figures, PRECISION)
    return found is not None and found[1] != ""


def at_the_first_alarm(figures: Mapping[str, Primary]) -> bool:
    return _alarm({key: each.estimate for key, each in figures.items()}, NO_MARGIN)


@pytest.mark.slow
def test_the_rule_raises_no_more_false_alarms_than_a_fixed_number_of_pairs() -> None:
    # The family-wide level is 2 %; the standard error of 1,000 comparisons is 0.4 %.
    fixed, _ = alarms(1000, 0.0, NO_MARGIN, lambda _: False)
    ruled, pairs = alarms(1000, 0.0, NO_MARGIN, by_rule)
    assert fixed < 0.035
    assert ruled < 0.035
    assert pairs < 10  # it has stopped early in some of them
    # A rule that stops at the first alarm shows that the simulation can tell.
    peeking, _ = alarms(1000, 0.0, NO_MARGIN, at_the_first_alarm)
    assert peeking > 0.04


@pytest.mark.slow
def test_with_the_margin_pairs_without_a_difference_raise_no_alarm() -> None:
    assert alarms(500, 0.0, 0.02, by_rule)[0] == 0


@pytest.mark.slow
def test_a_doubled_cost_is_found_with_fewer_pairs() -> None:
    found, pairs = alarms(200, 1.0, 0.02, by_rule)
    assert found == 1
    assert pairs < 9  # so many as the other figures need
