"""When customers arrive: a seeded Poisson process that follows the profile's curve."""

from __future__ import annotations

import math
import random

from loadtests.profile import Profile
from loadtests.seeds import derive
from reports.records import Arrival


def plan(profile: Profile, seed: int) -> list[Arrival]:
    """Every arrival of the run in order: a pure function of (`profile`, `seed`).

    Arrivals of a Poisson process of rate one (exponential gaps) are mapped through the inverse of
    the expected count, which gives a Poisson process with exactly the curve's rate.
    """
    curve = profile.curve()
    clock = random.Random(derive(seed, "arrivals"))
    journeys = list(profile.journeys)
    weights = list(profile.journeys.values())
    arrivals: list[Arrival] = []
    expected = 0.0
    while True:
        expected -= math.log(1.0 - clock.random())
        if expected >= curve.total:
            return arrivals
        index = len(arrivals)
        own = derive(seed, index)
        journey = random.Random(own).choices(journeys, weights)[0]
        arrivals.append(Arrival(index, curve.when(expected), journey, own))
