"""Customers who come on top of the plan for a while: a spike, or a longer load, as it is ordered.

A pure function of (profile, seed of the run, spike), as the plan itself is: all processes of a load
know the same arrivals, and so does whoever accounts for them later.
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
    """Which order it was."""
    start: float
    """Seconds after the start of the load."""
    seconds: float
    factor: float
    """Above 1; the plan's own arrivals are the one, the spike's are what comes on top."""
    seed: int
    """The fault's own."""
    first: int
    """The index of its first arrival: the numbering of the plan goes on."""
    arrivals: int = 0
    """How many it has, once they have been counted."""
    rate: float = 0.0
    """Conversations a second, where the load is extended; `factor` means nothing there."""

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
    """How many arrivals the spike has on average."""
    if spike.rate:
        return spike.rate * spike.seconds
    curve = profile.curve()
    inside = curve.count(spike.start + spike.seconds) - curve.count(spike.start)
    return inside * (spike.factor - 1) * day_factor(profile, seed)


def counting(profile: Profile, seed: int, spike: Spike) -> Iterator[int]:
    """How many arrivals the spike has, as `arrivals.counting` tells it."""
    return in_slices(_dues(profile, seed, spike))


def indices(spike: Spike, k: int, n: int) -> range:
    """The indices of the arrivals that `shard` gives."""
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
    """As `arrivals._dues`, of a Poisson process that runs beside the plan's, or after it."""
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
