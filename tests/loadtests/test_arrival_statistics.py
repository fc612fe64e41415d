"""Whether the arrivals are the Poisson process they are said to be.

The seeds are fixed, so that the tests give the same answer every time; the bounds are those of the
statistics' distributions, divided by the number of seeds (Bonferroni), at one in a hundred for a
whole test.  Each test is shown to refuse a process that is wrong in just the way it looks for.
"""

from __future__ import annotations

import bisect
import itertools
import math
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean, pvariance

import pytest

from loadtests.arrivals import arrivals
from loadtests.profiles import profile
from loadtests.profiles.model import Decay
from loadtests.profiles.profile import Profile

SEEDS = range(1000, 1100)
BOUND = math.sqrt(math.log(2 / (0.01 / len(SEEDS))) / 2)
"""Of sqrt(n) times a Kolmogorov-Smirnov distance, which exceeds x with 2 exp(-2 x²) at most."""
GRID = 20_000


def _expected_count(loaded: Profile) -> Callable[[float], float]:
    """The integral of the rate, summed up step by step: not the one that the plan is made with."""
    curve = loaded.curve()
    width = curve.seconds / GRID
    steps = [curve.rate((place + 0.5) * width) * width for place in range(GRID)]
    sums = [0.0, *itertools.accumulate(steps)]

    def count(t: float) -> float:
        place = min(int(t / width), GRID - 1)
        return sums[place] + steps[place] * (t / width - place)

    return count


def _dues(loaded: Profile, seed: int) -> list[float]:
    """Those that are drawn: the customers of `sliding_ttl` come at fixed times besides."""
    return [arrival.due for arrival in arrivals.stream(loaded, seed) if not arrival.sliding]


def _distance(values: Sequence[float], cumulative: Callable[[float], float]) -> float:
    """sqrt(n) times the Kolmogorov-Smirnov distance of `values` from a distribution."""
    ordered, n = sorted(values), len(values)
    gaps = (
        max((place + 1) / n - cumulative(value), cumulative(value) - place / n)
        for place, value in enumerate(ordered)
    )
    return math.sqrt(n) * max(gaps)


def _places(dues: list[float], count: Callable[[float], float], seconds: float) -> float:
    """How far the rescaled times are from being spread evenly."""
    total = count(seconds)
    return _distance([count(due) / total for due in dues], lambda share: share)


def _gaps(dues: list[float], count: Callable[[float], float]) -> float:
    """How far the rescaled gaps are from an exponential distribution of mean 1."""
    gaps = [count(later) - count(earlier) for earlier, later in itertools.pairwise([0.0, *dues])]
    return _distance(gaps, lambda gap: 1 - math.exp(-gap))


@pytest.mark.parametrize("name", ["diwali", "flash-sale", "smoke"])
def test_in_rescaled_time_arrivals_are_spread_evenly_and_gaps_are_exponential(name: str) -> None:
    loaded = profile.load(name)
    count = _expected_count(loaded)
    for seed in SEEDS:
        dues = _dues(loaded, seed)
        assert _places(dues, count, loaded.load_seconds) < BOUND, f"places, seed {seed}"
        assert _gaps(dues, count) < BOUND, f"gaps, seed {seed}"


def test_an_evening_that_falls_faster_is_not_mistaken_for_diwali() -> None:
    diwali = profile.load("diwali")
    *before, evening = diwali.phases
    faster = replace(evening, shape=Decay(exponent=0.7, after_minutes=30, floor=3))
    other = replace(diwali, phases=(*before, faster))
    count = _expected_count(diwali)
    for seed in SEEDS[:5]:
        assert _places(_dues(other, seed), count, diwali.load_seconds) > BOUND


def test_a_burst_a_second_and_a_steady_beat_are_not_mistaken_for_chance() -> None:
    diwali = profile.load("diwali")
    count, curve = _expected_count(diwali), diwali.curve()
    bursts = [math.floor(due) + 0.0 for due in _dues(diwali, SEEDS[0])]
    beat = [curve.when(place + 0.5) for place in range(int(curve.total))]
    for dues in (bursts, beat):
        assert _gaps(dues, count) > BOUND
        # Over the whole night both follow the curve: only the gaps give them away.
        assert _places(dues, count, diwali.load_seconds) < BOUND


def _counts(loaded: Profile, windows: int, seeds: range) -> list[list[int]]:
    """Arrivals in each of so many equal windows, for every seed."""
    edges = [loaded.load_seconds * (place + 1) / windows for place in range(windows - 1)]
    result = []
    for seed in seeds:
        counts = [0] * windows
        for due in _dues(loaded, seed):
            counts[bisect.bisect(edges, due)] += 1
        result.append(counts)
    return result


def _dispersion(counts: Sequence[int]) -> float:
    return pvariance(counts) / fmean(counts)


def test_counts_vary_from_seed_to_seed_as_much_as_their_mean() -> None:
    seeds = range(400)
    counts = _counts(profile.load("smoke"), 4, seeds)
    # The dispersion of n Poisson counts is 1 with a deviation of sqrt(2 / n); four of those, for
    # the windows and the whole.
    allowed = 4 * math.sqrt(2 / len(seeds))
    for window in range(4):
        assert _dispersion([each[window] for each in counts]) == pytest.approx(1, abs=allowed)
    assert _dispersion([sum(each) for each in counts]) == pytest.approx(1, abs=allowed)


def test_windows_know_nothing_of_each_other() -> None:
    counts = _counts(profile.load("smoke"), 2, range(400))
    early, late = [each[0] for each in counts], [each[1] for each in counts]
    shared = fmean(a * b for a, b in counts) - fmean(early) * fmean(late)
    assert abs(shared / math.sqrt(pvariance(early) * pvariance(late))) < 4 / math.sqrt(400)


def test_days_vary_by_a_gamma_of_mean_one_that_the_seed_alone_decides() -> None:
    varied = replace(profile.load("smoke"), day_cv=0.3)
    factors = [arrivals.day_factor(varied, seed) for seed in range(4000)]
    assert fmean(factors) == pytest.approx(1, abs=4 * 0.3 / math.sqrt(4000))
    assert math.sqrt(pvariance(factors)) == pytest.approx(0.3, rel=0.05)
    # A Gamma of shape k leans to the right by 2 / sqrt(k): a normal draw would not at all.
    skew = fmean((factor - 1) ** 3 for factor in factors) / 0.3**3
    assert skew == pytest.approx(2 * 0.3, abs=0.2)
    assert factors == [arrivals.day_factor(varied, seed) for seed in range(4000)]
    assert {arrivals.day_factor(profile.load("smoke"), seed) for seed in range(10)} == {1.0}


def test_a_busy_day_has_more_arrivals_everywhere_in_the_same_proportion() -> None:
    varied = replace(profile.load("diwali"), day_cv=0.3)
    curve = varied.curve()
    for seed in range(5):
        factor = arrivals.day_factor(varied, seed)
        for counts, share in zip(_counts(varied, 2, range(seed, seed + 1))[0], (0, 1), strict=True):
            half = curve.count(curve.seconds / 2)
            promised = factor * (curve.total - half if share else half)
            assert counts == pytest.approx(promised, abs=5 * math.sqrt(promised))


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_shards_of_a_varied_day_are_together_its_plan(workers: int) -> None:
    varied = replace(profile.load("smoke"), day_cv=0.3)
    shards = [arrivals.shard(varied, 7, k, workers) for k in range(workers)]
    together = sorted(itertools.chain(*shards), key=lambda arrival: arrival.index)
    assert together == arrivals.plan(varied, 7)


def test_millions_of_arrivals_are_drawn_one_at_a_time() -> None:
    soak = replace(profile.load("soak"), base_rate=2000.0)
    assert soak.curve().total > 6e6
    tracemalloc.start()
    try:
        drawn = list(itertools.islice(arrivals.stream(soak, 1), 100))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [arrival.index for arrival in drawn] == list(range(100))
    assert peak < 1e6
