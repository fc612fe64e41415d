"""Loads of a constant rate, and whether they keep their limits.

Every rate has the same conversations and the same arrivals, compressed in time (common random
numbers), so a higher rate differs by nothing else, and the same seed finds the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.simulation import plans
from loadtests.simulation.calibration import Calibration
from loadtests.simulation.engine import SetUp, simulate
from loadtests.simulation.plans import PlannedTalk
from loadtests.simulation.statistics import Outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """The limits that a sustainable load keeps."""

    p99_s: float = 2.0
    error_share: float = 0.001


def turns_per_talk(talks: Sequence[PlannedTalk]) -> float:
    """The mean number of turns of a conversation."""
    return sum(len(talk.turns) for talk in talks) / len(talks)


def cpu_per_turn(talks: Sequence[PlannedTalk], calibration: Calibration) -> float:
    """The mean CPU of a turn in seconds, with its share of openings and reads, one replica."""
    total = count = 0.0
    for talk in talks:
        total += calibration.open_cpu_s + calibration.read_cpu_s
        total += calibration.read_turn_cpu_s * len(talk.turns)
        for number, turn in enumerate(talk.turns):
            cost = calibration.turn_cpu_s + calibration.earlier_turn_cpu_s * number
            cost += calibration.tool_cpu_s * (turn.kind in (plans.TOOL, plans.STREAMED_TOOL))
            cost += calibration.stream_cpu_s * (turn.kind >= plans.STREAMED_TEXT)
            total += cost * turn.noise
            count += 1
    return total / count


def steady(set_up: SetUp, talks: Sequence[PlannedTalk], turns_per_s: float, seed: int) -> Outcomes:
    """Simulate a constant rate over the set-up's `load_s`, of which `warm_up_s` is not measured."""
    rate = turns_per_s / turns_per_talk(talks)
    dues = plans.steady_dues(rate, set_up.load_s, seed)
    return simulate(set_up, plans.drawn(dues, talks, seed))[0]


def keeps(outcomes: Outcomes, slo: Slo) -> bool:
    """Whether a simulated load kept the limits.

    A turn that was not acknowledged, or not in time, or is still open at the end, misses the limit
    of the latency; at most 1 % may.
    """
    asked = outcomes.turns + outcomes.open_at_end
    missed = asked - outcomes.goodput_per_s * outcomes.seconds
    return asked > 0 and missed <= 0.01 * asked + 0.5 and outcomes.error_share <= slo.error_share
