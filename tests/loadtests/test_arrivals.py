from __future__ import annotations

import itertools
import subprocess
import sys
from statistics import fmean, pvariance

import pytest

from loadtests.arrivals import arrivals
from loadtests.profiles import profile

SEEDS = range(40)


def test_the_same_profile_and_seed_give_the_same_arrivals() -> None:
    diwali = profile.load("diwali")
    assert arrivals.plan(diwali, 7) == arrivals.plan(profile.load("diwali"), 7)


@pytest.mark.service
def test_another_process_with_another_hash_seed_plans_the_same() -> None:
    script = (
        "from loadtests.arrivals import arrivals; from loadtests.profiles import profile\n"
        "print(repr(arrivals.plan(profile.load('smoke'), 7)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == repr(arrivals.plan(profile.load("smoke"), 7))


def test_another_seed_gives_other_arrivals() -> None:
    smoke = profile.load("smoke")
    assert arrivals.plan(smoke, 1) != arrivals.plan(smoke, 2)


def test_arrivals_come_in_order_within_the_load_each_with_a_seed_of_its_own() -> None:
    diwali = profile.load("diwali")
    planned = arrivals.plan(diwali, 3)
    assert [arrival.index for arrival in planned] == list(range(len(planned)))
    dues = [arrival.due for arrival in planned]
    assert dues == sorted(dues)
    assert 0 <= dues[0] <= dues[-1] < diwali.load_seconds
    assert len({arrival.seed for arrival in planned}) == len(planned)


@pytest.mark.parametrize("name", ["warmup", "presale", "opening", "evening"])
def test_over_many_seeds_each_phase_gets_the_arrivals_its_curve_promises(name: str) -> None:
    diwali = profile.load("diwali")
    start, end = next((s, e) for phase, s, e in diwali.planned_phases() if phase == name)
    curve = diwali.curve()
    promised = curve.count(end) - curve.count(start)
    counts = [
        sum(start <= arrival.due < end and not arrival.sliding for arrival in planned)
        for planned in (arrivals.plan(diwali, seed) for seed in SEEDS)
    ]
    # The mean of n Poisson counts is off by sqrt(promised / n); four of those is beyond luck.
    assert fmean(counts) == pytest.approx(promised, abs=4 * (promised / len(SEEDS)) ** 0.5)


def test_gaps_are_those_of_a_poisson_process_not_of_bursts() -> None:
    diwali = profile.load("diwali")
    curve = diwali.curve()
    drawn = [arrival.due for arrival in arrivals.plan(diwali, 11) if not arrival.sliding]
    counts = [curve.count(due) for due in drawn]
    gaps = [later - earlier for earlier, later in itertools.pairwise(counts)]
    assert fmean(gaps) == pytest.approx(1, abs=0.1)
    assert pvariance(gaps) / fmean(gaps) ** 2 == pytest.approx(1, abs=0.2)


def test_journeys_come_in_the_shares_of_their_weights() -> None:
    diwali = profile.load("diwali")
    planned = arrivals.plan(diwali, 5)
    total = sum(diwali.journeys.values())
    for journey, weight in diwali.journeys.items():
        share = sum(arrival.journey == journey for arrival in planned) / len(planned)
        assert share == pytest.approx(weight / total, abs=0.05)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_shards_of_any_number_of_workers_are_together_the_plan(workers: int) -> None:
    diwali = profile.load("diwali")
    shards = [list(arrivals.shard(diwali, 7, k, workers)) for k in range(workers)]
    assert all(len(each) > 100 for each in shards)
    together = sorted(itertools.chain(*shards), key=lambda arrival: arrival.index)
    assert together == arrivals.plan(diwali, 7)


@pytest.mark.parametrize("size", [1, 7, 41, 100_000])
def test_counted_in_slices_there_are_as_many(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    smoke = profile.load("smoke")
    whole = arrivals.count(smoke, 7)
    assert whole == len(arrivals.plan(smoke, 7)) > 20
    monkeypatch.setattr(arrivals, "SLICE", size)
    slices = list(arrivals.counting(smoke, 7))
    assert slices == [*range(size, whole + 1, size), whole]


@pytest.mark.parametrize(("k", "n"), [(2, 2), (-1, 3), (0, 0)])
def test_a_shard_that_does_not_exist_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match=f"a shard of {n} must be from 0 to {n - 1}, got {k}"):
        arrivals.shard(profile.load("smoke"), 1, k, n)
