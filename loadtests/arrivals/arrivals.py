"""The arrival times: a seeded Poisson process that follows the profile's curve.

The few customers of `loadtests.profiles.sliding_ttl` are added at fixed times.

Everything here is a pure function of (profile, seed), so that each worker of a run knows its share
without communication.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Iterator

from loadtests.arrivals.seeds import derive
from loadtests.profiles.profile import Profile
from reports.records import Arrival

SLICE = 5_000
"""Arrivals counted in one slice, which takes a few milliseconds."""


def plan(profile: Profile, seed: int) -> list[Arrival]:
    """Every arrival of the run, in order."""
    return list(stream(profile, seed))


def stream(profile: Profile, seed: int) -> Iterator[Arrival]:
    """Every arrival of the run, in order, as an iterator that needs no memory."""
    return shard(profile, seed, 0, 1)


def count(profile: Profile, seed: int) -> int:
    """How many arrivals the run has."""
    return sum(1 for _ in all_dues(profile, seed))


def counting(profile: Profile, seed: int) -> Iterator[int]:
    """As `count`, in slices: yields the count so far, at last the total.

    Counting millions takes seconds, so a caller can give way to others between slices.
    """
    return in_slices(due for due, _ in all_dues(profile, seed))


def in_slices(dues: Iterator[float]) -> Iterator[int]:
    """Yields the count so far after every slice."""
    found, taken = 0, SLICE
    while taken == SLICE:
        taken = sum(1 for _ in itertools.islice(dues, SLICE))
        found += taken
        yield found


def shard(profile: Profile, seed: int, k: int, n: int) -> Iterator[Arrival]:
    """The arrivals of worker `k` of `n` (0 <= k < n), in order: every n-th, from the k-th on.

    For any `n`, all shards together are `stream`.  Raises ValueError for a `k` outside the range.
    """
    if not 0 <= k < n:
        raise ValueError(f"a shard of {n} must be from 0 to {n - 1}, got {k}")
    return _every_nth(profile, seed, k, n)


def day_factor(profile: Profile, seed: int) -> float:
    """The busyness of this seed's day, as a multiple of the profile's curve: 1 on average.

    Drawn from a Gamma distribution with the profile's coefficient of variation, like the error of
    a call centre's forecast for a whole day (Kim and Whitt 2014 find 0.1 to 0.3).
    """
    if profile.day_cv == 0:
        return 1.0
    shape = profile.day_cv**-2
    return random.Random(derive(seed, "day")).gammavariate(shape, 1 / shape)


def _every_nth(profile: Profile, seed: int, k: int, n: int) -> Iterator[Arrival]:
    journeys = list(profile.journeys)
    weights = list(profile.journeys.values())
    for index, (due, sliding) in enumerate(all_dues(profile, seed)):
        if index % n == k:
            own = derive(seed, index)
            journey = random.Random(own).choices(journeys, weights)[0]
            yield Arrival(index, due, journey, own, sliding)


def all_dues(profile: Profile, seed: int) -> Iterator[tuple[float, bool]]:
    """The times of all arrivals, in order, each with whether it is one of `sliding_ttl`."""
    drawn = ((due, False) for due in _dues(profile, seed))
    return heapq.merge(drawn, ((due, True) for due in profile.sliding_ttl().dues))


def _dues(profile: Profile, seed: int) -> Iterator[float]:
    """The times of the random arrivals.

    Arrivals of a Poisson process of rate one (exponential gaps) are mapped through the inverse of
    the expected count, which gives a Poisson process with exactly the curve's rate.
    """
    curve = profile.curve()
    # A busier day has the same curve with a higher rate everywhere.
    gap = 1 / day_factor(profile, seed)
    clock = random.Random(derive(seed, "arrivals"))
    expected = 0.0
    while True:
        expected -= gap * math.log(1.0 - clock.random())
        if expected >= curve.total:
            return
        yield curve.when(expected)
