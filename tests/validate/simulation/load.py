"""The load of a configuration, the same for the simulator and for the real run."""

from __future__ import annotations

from dataclasses import replace

from harness.capacity import load
from loadtests.profiles import profile as profiles
from loadtests.profiles.profile import Profile
from loadtests.simulation import plans, steady
from loadtests.simulation.calibration import Calibration
from tests.validate.simulation.configurations import MEASURED_S, WARM_UP_S, Configuration

_SEEDS = 40


def planned(each: Configuration, calibration: Calibration) -> tuple[Profile, float]:
    """The profile at its rate, and the rate in turns a second."""
    base = profiles.load(each.profile)
    if each.journeys:
        base = replace(base, journeys=dict.fromkeys(each.journeys, 1.0))
    stages = load.steady(WARM_UP_S, MEASURED_S)
    talks = plans.library(load.profile_at(base, 50.0, stages), each.seed, calibration)
    rate = each.share / steady.cpu_per_turn(talks, calibration)
    return load.profile_at(base, rate, stages), rate


def seed_of(each: Configuration, profile: Profile) -> int:
    """A seed that plans as many turns as the rate says."""
    seeds = range(each.seed * _SEEDS, (each.seed + 1) * _SEEDS)
    return load.even_seed(profile, None, seeds)
