"""Memory in Redis, and loads divided among shards."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from loadtests.arrivals.forecast import forecast
from loadtests.arrivals.redis_sizes import REDIS
from loadtests.profiles import profile as profiles
from loadtests.simulation import plans, play, steady
from loadtests.simulation import statistics as measuring
from loadtests.simulation.calibration import DEFAULT
from loadtests.simulation.engine import SetUp
from loadtests.simulation.statistics import Outcomes

SIZED = msgspec.structs.replace(
    DEFAULT,
    redis_empty_bytes=REDIS.server,
    redis_session_bytes=REDIS.session,
    redis_turn_bytes=REDIS.turn,
)


@pytest.mark.parametrize(("name", "seed"), [("diwali", 1), ("smoke", 2), ("flash-sale", 3)])
def test_memory_is_that_of_the_forecast(name: str, seed: int) -> None:
    # The forecast lays the same conversations out in time, each turn taking 0.2 s.
    profile = profiles.load(name)
    ahead = forecast(profile, seed)
    set_up = play.set_up(profile, SIZED, replicas=12)
    outcomes, statistics = play.measure(set_up, profile, seed)
    assert outcomes.most_bytes == pytest.approx(max(ahead.memory), rel=0.03)
    assert outcomes.most_sessions == pytest.approx(max(ahead.live), rel=0.05)
    drained = measuring.memory(statistics.readings, SIZED, 1)[-1]
    assert drained == pytest.approx(REDIS.server, rel=0.02)


def test_the_ttl_slides_with_every_turn() -> None:
    profile = profiles.load("ttl-edge")
    set_up = play.set_up(profile, DEFAULT, replicas=3)
    outcomes, statistics = play.measure(set_up, profile, 1)
    # Sessions that have expired are opened again, and no turn fails because of that.
    assert outcomes.error_share == 0.0
    assert statistics.readings[-1].sessions == 0


@pytest.mark.slow
def test_twice_the_shards_change_nothing_beyond_the_spread_of_seeds() -> None:
    library = plans.library(profiles.load("diwali"), 1, DEFAULT, size=1000)
    # The balancer gives each of few replicas more regular arrivals the more replicas there are:
    # from six on that is no more than the spread.
    one = SetUp(load_s=50.0, warm_up_s=10.0, ttl_s=20.0, replicas=6, ends_with_load=True)
    two = replace(one, replicas=12, shards=2)
    rate = 0.75 * one.replicas / steady.cpu_per_turn(library, DEFAULT)

    def figures(outcomes: Outcomes, shards: int) -> list[float]:
        assert outcomes.p50_s is not None
        assert outcomes.p99_s is not None
        return [
            outcomes.p50_s,
            outcomes.p99_s,
            outcomes.replica_share,
            outcomes.goodput_per_s / shards,
            outcomes.most_bytes / shards,
            outcomes.most_sessions / shards,
        ]

    seeds = range(3)
    singles = [figures(steady.steady(one, library, rate, seed), 1) for seed in seeds]
    doubles = [figures(steady.steady(two, library, 2 * rate, seed), 2) for seed in seeds]
    for single, double in zip(zip(*singles, strict=True), zip(*doubles, strict=True), strict=True):
        spread = max(single) - min(single)
        mean, other = sum(single) / len(single), sum(double) / len(double)
        assert abs(other - mean) <= max(spread, 0.02 * mean)
