"""Measures the simulator: turns a second of processor time, for each part of its work.

Planning makes every random draw of a conversation; simulating plays the planned conversations, with
the openings and reads of their sessions.  A library of conversations is planned once for any number
of turns, so that a large load costs little more than the simulation.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from loadtests.profiles import profile as profiles
from loadtests.simulation import plans
from loadtests.simulation.calibration import DEFAULT
from loadtests.simulation.engine import SetUp, simulate
from loadtests.simulation.plans import PlannedTalk

RATE = 100.0
"""Conversations a second, about 250 turns/s: 60 % of the cores of six replicas."""
SECONDS = 400.0
REPLICAS = 6
REPEATS = 3


def timed(work: Callable[[], object]) -> float:
    """Processor seconds, the least of a few repetitions: others share the machine."""
    best = float("inf")
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


def main() -> None:
    """Measure, and print a line for each part."""
    profile = profiles.load("diwali")
    exact = list(plans.exact(profile, 1, DEFAULT))
    count = sum(len(talk.turns) for talk in exact)
    spent = timed(lambda: list(plans.exact(profile, 1, DEFAULT)))
    print(f"planning, as a real load of the seed   {count / spent:>9,.0f} turns/s")
    library = plans.library(profile, 1, DEFAULT, size=1000)

    def draw() -> list[PlannedTalk]:
        return list(plans.drawn(plans.steady_dues(RATE, SECONDS, 1), library, 1))

    talks = draw()
    count = sum(len(talk.turns) for talk in talks)
    print(f"planning, drawn from a library          {count / timed(draw):>9,.0f} turns/s")
    for name, cores in (("a core for each process", None), ("two shared cores", 2)):
        rate = RATE if cores is None else RATE / 4
        played = (
            talks
            if cores is None
            else list(plans.drawn(plans.steady_dues(rate, SECONDS, 1), library, 1))
        )
        count = sum(len(talk.turns) for talk in played)
        set_up = SetUp(load_s=SECONDS, ttl_s=7200.0, replicas=REPLICAS, cores=cores)
        spent = timed(lambda s=set_up, p=played: simulate(s, p))  # type: ignore[misc]
        print(f"simulating, {name:<27} {count / spent:>9,.0f} turns/s")


if __name__ == "__main__":
    main()
