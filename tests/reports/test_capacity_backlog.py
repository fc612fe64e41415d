"""The growth of the backlog, and the rate of finished turns while others wait."""

from __future__ import annotations

import random

import pytest

from reports.capacity.backlog import OpenTurns
from reports.capacity.turn_times import TurnTime


def turn(due: float, waited: float) -> TurnTime:
    return TurnTime(due, waited, True, False, False, True, False)


def queue(rate: float, service_s: float, seconds: float, seed: int) -> OpenTurns:
    """One server, first come, first served, constant service, Poisson arrivals."""
    draw = random.Random(seed)
    t = free = 0.0
    turns = []
    while (t := t + draw.expovariate(rate)) < seconds:
        free = max(free, t) + service_s
        turns.append(turn(t, free - t))
    return OpenTurns(turns)


def test_open_turns_are_those_due_and_not_ended() -> None:
    found = OpenTurns([turn(1.0, 2.0), turn(2.0, 5.0)])
    assert [found.at(t) for t in (0.5, 1.0, 2.5, 3.0, 7.0)] == [0, 1, 2, 1, 0]


def test_an_open_turn_never_ends() -> None:
    found = OpenTurns([TurnTime(1.0, 2.0, False, True, False, False, False)])
    assert found.at(100.0) == 1


@pytest.mark.parametrize("seed", range(10))
def test_a_clear_overload_grows(seed: int) -> None:
    growth = queue(60.0, 0.025, 60.0, seed).growth(0.0, 60.0)
    assert growth is not None
    assert growth.grows
    assert growth.per_s == pytest.approx(20.0, rel=0.25)


def test_chance_alone_seldom_grows() -> None:
    grown = 0
    for seed in range(100):
        growth = queue(34.0, 0.025, 60.0, seed).growth(0.0, 60.0)
        assert growth is not None
        grown += growth.grows
    assert grown <= 2


def test_a_short_part_has_no_growth() -> None:
    assert queue(30.0, 0.025, 60.0, 1).growth(0.0, 10.0) is None


@pytest.mark.parametrize("rate", [40.0, 42.0, 60.0])
def test_a_full_server_shows_its_rate(rate: float) -> None:
    for seed in range(10):
        found = queue(rate, 0.025, 60.0, seed).full(0.0, 60.0, 1.0)
        if found is not None:
            assert found.per_s == pytest.approx(40.0, rel=0.03)
        # Only at exactly what it carries may chance leave it idle.
        assert found is not None or rate == 40.0


def test_a_server_with_time_to_spare_is_never_full() -> None:
    assert all(queue(28.0, 0.025, 60.0, s).full(0.0, 60.0, 1.0) is None for s in range(20))
