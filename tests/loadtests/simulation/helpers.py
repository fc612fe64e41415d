"""Calibrations and conversations whose behaviour has a closed formula."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from loadtests.simulation import plans
from loadtests.simulation.calibration import DEFAULT, Calibration
from loadtests.simulation.plans import PlannedTalk, PlannedTurn

NOTHING = replace(
    DEFAULT,
    source="hand-written",
    turn_cpu_s=0.0,
    earlier_turn_cpu_s=0.0,
    tool_cpu_s=0.0,
    stream_cpu_s=0.0,
    open_cpu_s=0.0,
    read_cpu_s=0.0,
    read_turn_cpu_s=0.0,
    uncached_turn_cpu_s=0.0,
    repeat_cpu_s=0.0,
    refusal_cpu_s=0.0,
    redis_script_s=0.0,
    redis_byte_s=0.0,
    redis_trip_s=0.0,
    balancer_s=0.0,
    others_cpu_s=0.0,
    in_flight_limit=10**9,
    text_shares=(1.0, 0.0, 0.0, 0.0),
)
"""A service in which nothing takes time; a turn's CPU is one segment."""


def calibration(**values: Any) -> Calibration:
    """`NOTHING` with other values."""
    return replace(NOTHING, **values)


def single_turns(
    rate: float, seconds: float, seed: int, *, noise: str = "none", model_s: float = 0.0
) -> Iterator[PlannedTalk]:
    """Conversations of one turn, in a Poisson process; `noise` may be `exponential`."""
    rng = random.Random(seed)
    for index, due in enumerate(plans.steady_dues(rate, seconds, seed)):
        factor = rng.expovariate(1.0) if noise == "exponential" else 1.0
        turn = PlannedTurn(0.0, plans.TEXT, factor, (model_s,), 0.0)
        yield PlannedTalk(index, due, index, False, (turn,))
