"""Loads of a constant rate, and the highest one that so many replicas sustain.

Every rate has the same conversations and the same arrivals, compressed in time (common random
numbers), so a higher rate differs by nothing else, and the same seed finds the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from loadtests.profiles.profile import Profile
from loadtests.simulation import plans
from loadtests.simulation.calibration import Calibration
from loadtests.simulation.engine import SetUp, simulate
from loadtests.simulation.plans import PlannedTalk
from loadtests.simulation.statistics import Outcomes

SECONDS = 300.0
WARM_UP_S = 60.0
_STEPS = 12
_BEGIN = 0.9
"""The first rate, as a share of the one that would fill every replica's core."""
_GROWTH = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """The limits that a sustainable load keeps."""

    p99_s: float = 2.0
    error_share: float = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Sustained:
    """The highest sustainable rate, in turns a second, within its bounds."""

    low: float
    """The highest rate that kept the limits."""
    high: float
    """The lowest rate that did not."""
    at_low: Outcomes
    at_high: Outcomes
    rates: tuple[float, ...]
    """Every rate that was simulated, in order."""


def library_of(profile: Profile, seed: int, calibration: Calibration) -> list[PlannedTalk]:
    """Conversations of the profile for `steady` and `sustainable`; planned once, used often."""
    return plans.library(profile, seed, calibration)


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


def sustainable(
    set_up: SetUp,
    talks: Sequence[PlannedTalk],
    slo: Slo,
    seed: int,
    *,
    width: float = 0.01,
    progress: Callable[[float], None] | None = None,
) -> Sustained:
    """The highest sustainable rate of the set-up's replicas, by bisection of simulated loads.

    Ends when the bounds are within `width` of each other (a share of the rate).  `progress` takes
    each rate before it is simulated.
    """
    set_up = replace(set_up, latency_limit_s=slo.p99_s)
    full = set_up.replicas / cpu_per_turn(talks, set_up.calibration)
    tried: list[float] = []

    def attempt(rate: float) -> Outcomes:
        tried.append(rate)
        if progress is not None:
            progress(rate)
        return steady(set_up, talks, rate, seed)

    low, high = 0.0, _BEGIN * full
    at_high = attempt(high)
    at_low = at_high
    while keeps(at_high, slo) and len(tried) < _STEPS:
        low, at_low = high, at_high
        high *= _GROWTH
        at_high = attempt(high)
    while low == 0.0 and len(tried) < _STEPS:
        rate = high / _GROWTH
        found = attempt(rate)
        if keeps(found, slo):
            low, at_low = rate, found
        else:
            high, at_high = rate, found
    while high - low > width * high and len(tried) < 2 * _STEPS:
        rate = (low + high) / 2
        found = attempt(rate)
        if keeps(found, slo):
            low, at_low = rate, found
        else:
            high, at_high = rate, found
    return Sustained(low=low, high=high, at_low=at_low, at_high=at_high, rates=tuple(tried))
