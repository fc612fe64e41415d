"""The engine against SimPy: the same service, written a second time as SimPy's processes."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
import simpy

from loadtests.profiles import profile as profiles
from loadtests.simulation import plans
from loadtests.simulation.calibration import DEFAULT, Calibration
from loadtests.simulation.engine import SetUp, simulate
from loadtests.simulation.plans import STREAMED_TEXT, TOOL, PlannedTalk

Process = Generator[simpy.Event, Any, None]


class SecondModel:
    """One replica, one Redis, and customers who wait without a limit."""

    def __init__(self, calibration: Calibration, talks: list[PlannedTalk]) -> None:
        self._is = calibration
        self._world = simpy.Environment()
        self._replica = simpy.Resource(self._world)
        self._redis = simpy.Resource(self._world)
        self.latencies: list[tuple[float, float]] = []
        for talk in talks:
            self._world.process(self._customer(talk))
        self._world.run()

    def _use(self, resource: simpy.Resource, seconds: float) -> Process:
        with resource.request() as turn:
            yield turn
            yield self._world.timeout(seconds)

    def _script(self, seconds: float) -> Process:
        yield from self._use(self._redis, self._is.redis_script_s + seconds)
        yield self._world.timeout(self._is.redis_trip_s)

    def _beside(self, cpu_s: float, redis_s: float) -> Process:
        yield from self._use(self._replica, cpu_s)
        yield from self._script(redis_s)
        yield self._world.timeout(2 * self._is.balancer_s)

    def _customer(self, talk: PlannedTalk) -> Process:
        is_, world = self._is, self._world
        yield world.timeout(talk.due)
        due = talk.due
        yield from self._beside(is_.open_cpu_s, 0.0)
        for number, turn in enumerate(talk.turns):
            if number:
                yield world.timeout(turn.think_s)
                due = world.now
            tool = turn.kind % 2 == TOOL
            work = is_.turn_cpu_s + is_.earlier_turn_cpu_s * number + is_.tool_cpu_s * tool
            work = turn.noise * (work + is_.stream_cpu_s * (turn.kind >= STREAMED_TEXT))
            shares = list(is_.tool_shares if tool else is_.text_shares)
            yield from self._use(self._replica, work * shares.pop(0))
            yield from self._script(0.0)
            for model_s in turn.model_s:
                yield from self._use(self._replica, work * shares.pop(0))
                yield world.timeout(model_s)
            yield from self._use(self._replica, work * shares.pop(0))
            yield from self._script(is_.redis_byte_s * is_.redis_turn_bytes)
            yield from self._use(self._replica, work * shares.pop(0))
            yield world.timeout(2 * is_.balancer_s)
            self.latencies.append((due, world.now - due))
        turns = len(talk.turns)
        size = is_.redis_session_bytes + turns * is_.redis_turn_bytes
        read_s = is_.read_cpu_s + is_.read_turn_cpu_s * turns
        yield from self._beside(read_s, is_.redis_byte_s * size)
        if talk.deletes:
            yield from self._beside(is_.read_cpu_s, 0.0)


def test_every_turn_takes_as_long_as_in_simpy() -> None:
    library = plans.library(profiles.load("diwali"), 1, DEFAULT, size=300)
    dues = plans.steady_dues(18.0, 60.0, 2)  # about 70 % of the core
    talks = list(plans.drawn(dues, library, 2))
    set_up = SetUp(load_s=60.0, ttl_s=7200.0)
    outcomes, statistics = simulate(set_up, talks)
    ours = sorted(zip(statistics.dues, statistics.latencies, strict=True))
    theirs = sorted(SecondModel(DEFAULT, talks).latencies)
    assert outcomes.refused == 0
    assert outcomes.replica_share > 0.5
    assert len(ours) == len(theirs) > 2500
    assert [due for due, _ in ours] == pytest.approx([due for due, _ in theirs], abs=1e-6)
    assert [s for _, s in ours] == pytest.approx([s for _, s in theirs], abs=1e-6)
