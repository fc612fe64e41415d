"""Additional customers for a while, by a load command: a spike, or an extension of the load.

A pure function of (profile, seed of the run, spike), as the plan itself is, so that all processes
of a load and the later accounting know the same arrivals.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from loadtests.arrivals.arrivals import day_factor, in_slices
from loadtests.arrivals.seeds import derive
from loadtests.profiles.profile import Profile
from reports.records import Arrival


@dataclass(frozen=True, slots=True)
class Spike:
    """The rate of arrivals is multiplied by `factor` from `start` on, for `seconds`.

    Or, after the planned end of the load, `rate` is the rate of arrivals.
    """

    order: int
    """The number of its command."""
    start: float
    """Seconds after the start of the load."""
    seconds: float
    factor: float
    """Above 1; the spike adds `factor - 1` times the planned arrivals."""
    seed: int
    """The fault's own seed."""
    first: int
    """The index of its first arrival, after those of the plan."""
    arrivals: int = 0
    """The number of its arrivals, after they have been counted."""
    rate: float = 0.0
    """Conversations a second of an extension, for which `factor` has no meaning; 0: a spike."""

    @classmethod
    def of(cls, mark: Mapping[str, float]) -> Spike:
        """The spike that the values of a mark `spike` describe."""
        whole = {name: int(mark[name]) for name in ("order", "seed", "first", "arrivals")}
        return cls(
            start=mark["start"],
            seconds=mark["seconds"],
            factor=mark["factor"],
            rate=mark.get("rate", 0.0),  # records of older runs have none
            **whole,
        )


def expected(profile: Profile, seed: int, spike: Spike) -> float:
    """The expected number of arrivals of the spike."""
    if spike.rate:
        return spike.rate * spike.seconds
    curve = profile.curve()
    inside = curve.count(spike.start + spike.seconds) - curve.count(spike.start)
    return inside * (spike.factor - 1) * day_factor(profile, seed)


def counting(profile: Profile, seed: int, spike: Spike) -> Iterator[int]:
    """The number of arrivals of the spike, in slices like `arrivals.counting`."""
    return in_slices(_dues(profile, seed, spike))


def indices(spike: Spike, k: int, n: int) -> range:
    """The indices of the arrivals of `shard`."""
    return range(spike.first + (k - spike.first) % n, spike.first + spike.arrivals, n)


def shard(profile: Profile, seed: int, spike: Spike, k: int, n: int) -> Iterator[Arrival]:
    """The spike's arrivals whose index is k of n, in order, as `arrivals.shard` divides them."""
    journeys, weights = list(profile.journeys), list(profile.journeys.values())
    for number, due in enumerate(_dues(profile, seed, spike)):
        index = spike.first + number
        if index % n == k:
            own = derive(spike.seed, number)
            journey = random.Random(own).choices(journeys, weights)[0]
            yield Arrival(index, due, journey, own)


def _dues(profile: Profile, seed: int, spike: Spike) -> Iterator[float]:
    """As `arrivals._dues`, for a second Poisson process beside the plan's, or after it."""
    clock = random.Random(derive(spike.seed, "spike"))
    if spike.rate:
        due = spike.start
        while (due := due + clock.expovariate(spike.rate)) < spike.start + spike.seconds:
            yield due
        return
    curve = profile.curve()
    gap = 1 / (day_factor(profile, seed) * (spike.factor - 1))
    reached, end = curve.count(spike.start), curve.count(spike.start + spike.seconds)
    while True:
        reached -= gap * math.log(1.0 - clock.random())
        if reached >= end:
            return
        yield curve.when(reached)
