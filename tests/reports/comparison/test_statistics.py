"""The statistics of a comparison, against published values and by simulation."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

import pytest

from reports.comparison.model import Word
from reports.comparison.statistics import (
    FAMILY_LEVEL,
    Estimate,
    KnownSpread,
    Run,
    detectable,
    holm,
    paired,
    welch,
    word,
)

# Hours of extra sleep of ten patients with two drugs (Student 1908).
FIRST = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SECOND = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)
METRICS = [f"m{number}" for number in range(10)]
EQUAL = dict.fromkeys(METRICS, 1.0)


def test_the_paired_interval_is_that_of_student_s_own_data() -> None:
    pairs = [(Run(math.exp(a)), Run(math.exp(b))) for a, b in zip(FIRST, SECOND, strict=True)]
    found = paired(pairs)
    assert found is not None
    assert (found.n, found.paired) == (10, True)
    assert found.freedom == pytest.approx(9)
    assert found.change / found.error == pytest.approx(4.0621, abs=1e-4)
    assert found.p_value == pytest.approx(0.002833, abs=1e-6)
    assert [math.log(end) for end in found.interval()] == pytest.approx([0.7001, 2.4599], abs=1e-4)


def test_welch_s_t_is_that_of_student_s_own_data() -> None:
    found = welch([math.exp(x) for x in FIRST], [math.exp(x) for x in SECOND])
    assert found is not None
    assert found.change / found.error == pytest.approx(1.8608, abs=1e-4)
    assert found.freedom == pytest.approx(17.776, abs=1e-3)
    assert found.p_value == pytest.approx(0.07939, abs=1e-5)
    assert not found.paired


def test_runs_of_one_seed_beside_each_other_add_degrees_of_freedom() -> None:
    found = paired(in_turns([1.0, 1.1, 0.9, 1.0, 1.0], [1.0] * 5))
    assert found is not None
    assert found.freedom == pytest.approx(16 / 3)


def test_the_neighbour_is_the_run_of_the_side_that_was_played_twice_in_a_row() -> None:
    # A1 B1 B2 A2: B1 and B2 are neighbours and differ; A1 and A2 are not, and are the same.
    found = paired(in_turns([1.0, 1.0], [1.0, 1.1]))
    apart = paired(in_turns([1.0, 1.1], [1.0, 1.0]))
    assert found is not None
    assert apart is not None
    assert found.spread > apart.spread


def test_pairs_of_one_seed_that_were_played_hours_apart_are_no_neighbours() -> None:
    pairs = [(Run(1.0, 7, 7200.0 * n), Run(1.1, 7, 7200.0 * n + 60)) for n in range(4)]
    found = paired(pairs)
    assert found is not None
    assert found.freedom == pytest.approx(3)


def test_a_change_of_the_machine_between_pairs_leaves_the_pairs_of_other_seeds_alone() -> None:
    pairs = [(Run(speed, seed), Run(speed * 1.1, seed)) for seed, speed in enumerate((1, 2, 4, 3))]
    found = paired(pairs)
    assert found is not None
    assert found.interval() == pytest.approx((1.1, 1.1))


def test_a_known_spread_narrows_the_interval_of_few_pairs() -> None:
    pairs = in_turns([1.0, 1.02, 0.99], [1.05, 1.04, 1.06])
    alone, helped = paired(pairs), paired(pairs, KnownSpread(0.015, 20))
    assert alone is not None
    assert helped is not None
    assert helped.change == alone.change
    assert helped.freedom == pytest.approx(alone.freedom + 20)
    assert helped.interval()[0] > alone.interval()[0]


def test_one_run_a_side_has_no_interval() -> None:
    assert paired([(Run(1.0), Run(1.1))]) is None
    assert welch([1.0], [1.1, 1.2]) is None


def test_equal_values_are_the_same_and_a_constant_change_is_certain() -> None:
    same, more = paired(in_turns([5.0] * 3, [5.0] * 3)), paired(in_turns([5.0] * 3, [6.0] * 3))
    assert same is not None
    assert more is not None
    assert (same.p_value, same.interval()) == (1.0, (1.0, 1.0))
    assert (more.p_value, word(more, 0.0, 0.02)) == (0.0, Word.WORSE)


def test_holm_s_adjusted_p_values_are_those_of_the_step_down_procedure() -> None:
    # The example of R's p.adjust, computed by hand: 4 × 0.005, 3 × 0.01, 2 × 0.03, 1 × 0.04.
    p = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}
    adjusted = holm(p, dict.fromkeys(p, 1.0))
    assert adjusted == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})


def test_a_greater_weight_needs_less_evidence() -> None:
    adjusted = holm({"primary": 0.01, "other": 0.01}, {"primary": 4.0, "other": 1.0})
    assert adjusted == pytest.approx({"primary": 0.0125, "other": 0.0125})
    adjusted = holm({"primary": 0.01, "other": 0.001}, {"primary": 4.0, "other": 1.0})
    assert adjusted == pytest.approx({"other": 0.005, "primary": 0.01})


@pytest.mark.parametrize(
    ("change", "adjusted", "less", "expected"),
    [
        (0.10, 0.01, True, Word.WORSE),
        (-0.10, 0.01, True, Word.BETTER),
        (0.10, 0.01, False, Word.BETTER),
        (0.10, 0.03, True, Word.UNDECIDED),  # not at the family-wide level
        (0.03, 0.001, True, Word.UNDECIDED),  # the interval reaches into the margin
        (0.005, 0.001, True, Word.SAME),  # certain, and too small to matter
    ],
)
def test_the_word_needs_the_family_s_level_and_the_margin(
    change: float, adjusted: float, less: bool, expected: Word
) -> None:
    estimate = Estimate(10, True, change, 0.006, 9, 0.01)
    assert word(estimate, adjusted, 0.02, less_is_better=less) is expected


@pytest.mark.parametrize(("pairs", "cv"), [(3, 0.03), (5, 0.05), (20, 0.05)])
def test_two_sides_that_are_the_same_raise_an_alarm_in_two_percent_at_most(
    pairs: int, cv: float
) -> None:
    alarms = sum(bool(called(comparison(seed, pairs, cv), {})) for seed in range(300))
    # 2 % of 300 are 6; 13 have a probability of 0.9 %.
    assert alarms <= 12


@pytest.mark.parametrize(
    ("pairs", "cv", "planted", "found"), [(5, 0.01, 0.10, 0.97), (10, 0.015, 0.05, 0.85)]
)
def test_a_planted_rise_is_found_and_never_called_better(
    pairs: int, cv: float, planted: float, found: float
) -> None:
    words = [
        called(comparison(seed, pairs, cv, planted), {"m0": 4.0}).get("m0") for seed in range(200)
    ]
    assert words.count(Word.WORSE) >= found * 200
    assert Word.BETTER not in words


def test_the_detectable_change_is_found_in_eighty_percent() -> None:
    spread, margin = 0.02, 0.02
    sizes = sorted(
        detectable(estimate(seed, 8, spread, 0.0), margin, FAMILY_LEVEL) for seed in range(300)
    )
    typical = sizes[150]
    found = sum(
        word(each := estimate(seed, 8, spread, typical), each.p_value, margin) is Word.WORSE
        for seed in range(300)
    )
    assert 0.72 <= found / 300 <= 0.88


def in_turns(a: list[float], b: list[float]) -> list[tuple[Run, Run]]:
    """Pairs in the order A B B A A B …, all of one seed."""
    pairs = []
    for number, (first, second) in enumerate(zip(a, b, strict=True)):
        at = [2.0 * number, 2.0 * number + 1]
        if number % 2:
            at.reverse()
        pairs.append((Run(first, 7, at[0]), Run(second, 7, at[1])))
    return pairs


def estimate(seed: int, pairs: int, cv: float, rise: float) -> Estimate:
    chance = random.Random(f"{seed}/{pairs}/{cv}")
    draws = [chance.lognormvariate(0, math.sqrt(math.log1p(cv**2))) for _ in range(2 * pairs)]
    found = paired(in_turns(draws[:pairs], [x * (1 + rise) for x in draws[pairs:]]))
    assert found is not None
    return found


def comparison(seed: int, pairs: int, cv: float, planted: float = 0.0) -> dict[str, Estimate]:
    """Ten figures of two sides; the first one of B is greater by `planted`."""
    return {
        key: estimate(seed * 100 + place, pairs, cv, planted if place == 0 else 0.0)
        for place, key in enumerate(METRICS)
    }


def called(estimates: Mapping[str, Estimate], weights: Mapping[str, float]) -> dict[str, Word]:
    """The figures that are called worse or better."""
    adjusted = holm({k: e.p_value for k, e in estimates.items()}, {**EQUAL, **weights})
    words = {key: word(each, adjusted[key], 0.02) for key, each in estimates.items()}
    return {k: w for k, w in words.items() if w in (Word.WORSE, Word.BETTER)}
