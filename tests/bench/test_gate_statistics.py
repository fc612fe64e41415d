"""How often chance misleads the gates, in short: `make gate-statistics` has the whole table."""

from __future__ import annotations

import random

import pytest

from reports.records import Status
from tests.bench.gate_statistics import LOADS, TAILS, bad_turns, convicted, verdicts


def test_bad_turns_are_drawn_with_the_given_share() -> None:
    chance = random.Random(1)
    drawn = [bad_turns(chance, 500, 0.02) for _ in range(2000)]
    assert sum(drawn) / len(drawn) == pytest.approx(10, abs=0.3)
    assert sum((n - 10) ** 2 for n in drawn) / len(drawn) == pytest.approx(9.8, rel=0.15)


@pytest.mark.parametrize("limit", [0.01, 0.001])
@pytest.mark.parametrize("expected_bad", [0.3, 1.0, 3.0, 30.0])
def test_a_service_at_its_limit_is_convicted_in_one_run_of_forty_at_most(
    limit: float, expected_bad: float
) -> None:
    turns = round(expected_bad / limit)
    found = verdicts(random.Random(2), turns, limit, limit, runs=4000)
    assert found[Status.FAIL] <= 130  # 100 are allowed, and 3 standard deviations


@pytest.mark.parametrize("limit", [0.01, 0.001])
def test_a_service_at_five_times_its_limit_is_never_acquitted_by_a_large_sample(
    limit: float,
) -> None:
    found = verdicts(random.Random(3), round(3 / limit), limit, 5 * limit, runs=1000)
    assert found[Status.PASS] == 0
    assert found[Status.FAIL] > 950


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("noise", [0.001, 0.005, 0.007])
def test_turns_that_are_slow_anyway_do_not_prolong_a_recovery(load: float, noise: float) -> None:
    faults = 200 if load < 100 else 12
    assert convicted(random.Random(4), load, noise, faults) <= faults // 200


def test_noise_close_to_the_objective_hardly_ever_prolongs_a_recovery() -> None:
    found = [convicted(random.Random(5), load, 0.009, 400) for load in (3, 10, 30)]
    assert sum(found) <= 4


@pytest.mark.parametrize("load", [load for load in LOADS if load >= 30])
@pytest.mark.parametrize("tail", TAILS)
def test_a_tail_of_disturbed_turns_is_a_long_recovery(load: float, tail: float) -> None:
    faults = 60 if load < 100 else 6
    assert convicted(random.Random(6), load, 0.005, faults, tail) >= 0.9 * faults


@pytest.mark.parametrize("load", [3, 10])
def test_a_heavy_tail_is_a_long_recovery_at_a_low_load_too(load: float) -> None:
    assert convicted(random.Random(7), load, 0.005, 100, tail=0.5) >= 98
