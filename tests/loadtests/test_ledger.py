"""The ledger of planned arrivals: the rest is written as a few ranges, and the sum is exact."""

from __future__ import annotations

import random

import pytest

from loadtests.arrivals.ledger import Ledger
from reports.records import ArrivalRange, Fate


def indices(ranges: list[ArrivalRange]) -> list[int]:
    return [n for each in ranges for n in range(each.first, _stop(each), each.step)]


def _stop(each: ArrivalRange) -> int:
    return each.first + each.count * each.step


def test_an_arrival_is_settled_once_and_only_if_it_was_planned() -> None:
    ledger = Ledger(3)
    assert [ledger.settle(index) for index in (1, 1, 3, -1)] == [True, False, False, False]


def test_neighbours_are_written_off_in_one_record() -> None:
    ledger = Ledger(10)
    ledger.settle(4)
    assert list(ledger.write_off(Fate.LOST)) == [
        ArrivalRange(0, 4, 1, Fate.LOST),
        ArrivalRange(5, 5, 1, Fate.LOST),
    ]


def test_only_the_shard_that_was_lost_is_written_off() -> None:
    ledger = Ledger(10)
    ledger.settle(4)
    lost = [ArrivalRange(1, 1, 3, Fate.LOST), ArrivalRange(7, 1, 3, Fate.LOST)]
    assert list(ledger.write_off(Fate.LOST, 1, 3)) == lost


def test_arrivals_written_off_are_settled() -> None:
    ledger = Ledger(10)
    assert list(ledger.write_off(Fate.LOST, 0, 2))
    assert indices(list(ledger.write_off(Fate.CENSORED))) == [1, 3, 5, 7, 9]
    assert not list(ledger.write_off(Fate.LOST))


@pytest.mark.parametrize("shards", [1, 2, 5])
def test_settled_and_written_off_are_together_all_that_was_planned(shards: int) -> None:
    rng = random.Random(shards)
    ledger = Ledger(1003)
    settled = sorted(rng.sample(range(1003), 300))
    for index in settled[:150]:
        ledger.settle(index)
    for index in settled[150:]:
        ledger.settle_range(index, 1, shards)
    left = [n for k in range(shards) for n in indices(list(ledger.write_off(Fate.LOST, k, shards)))]
    assert sorted([*settled, *left]) == list(range(1003))


def test_ten_million_arrivals_are_written_off_as_one() -> None:
    assert list(Ledger(10_000_000).write_off(Fate.CENSORED)) == [
        ArrivalRange(0, 10_000_000, 1, Fate.CENSORED)
    ]
