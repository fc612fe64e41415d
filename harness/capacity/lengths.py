"""The lengths of the probes, by the time that the whole capacity run may take."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.capacity.load import (
    AFTER,
    MEASURED,
    OVERLOAD,
    OVERLOAD_TIMES,
    Stage,
    steady,
)
from reports.capacity.soundness import FEWEST_TURNS
from reports.measures.phases import WARMUP

DEFAULT_MINUTES = 10.0
MOST_PROBES = 8
ENOUGH = 1.15
"""Planned turns of a probe, as a multiple of the fewest that can be judged."""
START_AND_END_S = 6.0
"""The time of a probe besides its load: a fleet of one replica starts and stops, on a usual
machine."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Seconds of each kind of probe; see `for_minutes`."""

    demand: tuple[Stage, ...]
    probe: tuple[Stage, ...]
    kill: tuple[Stage, ...]
    kill_at: float
    """Seconds from the start of the load until the replica is killed."""
    overload: tuple[Stage, ...]

    @property
    def measured_s(self) -> float:
        """The measured part of a probe of the search."""
        return self.probe[-1].seconds

    @property
    def overhead_s(self) -> float:
        """The rest of its time."""
        return seconds(self.probe) - self.measured_s + START_AND_END_S

    @property
    def last_two(self) -> float:
        """The time of the probes with a killed replica and with an overload."""
        return seconds(self.kill) + seconds(self.overload) + 2 * START_AND_END_S


def for_minutes(minutes: float) -> Lengths:
    """The lengths for a run of this many minutes, in proportion to those of ten minutes.

    With 30 s of measurement a probe near the limit rests on about 1,000 turns.  After a kill or an
    overload a replica at its limit has little time to spare, and works off its queue slowly: these
    two probes last longer.
    """
    share = minutes / DEFAULT_MINUTES
    warmup = min(15.0, max(2.0, 10 * share))
    before, overload = max(2.0, 5 * min(1.0, share)), max(3.0, 10 * min(1.0, share))
    return Lengths(
        demand=steady(max(2.0, 5 * min(1.0, share)), max(10.0, 30 * share)),
        probe=steady(warmup, max(10.0, 30 * share)),
        kill=steady(warmup, before + max(13.0, 45 * share)),
        kill_at=warmup + before,
        overload=(
            Stage(WARMUP, warmup),
            Stage(MEASURED, before),
            Stage(OVERLOAD, overload, OVERLOAD_TIMES),
            Stage(AFTER, max(13.0, 60 * share)),
        ),
    )


def enough(stages: tuple[Stage, ...], rate: float) -> tuple[Stage, ...]:
    """The stages with the last one so long that a probe at `rate` turns a second can be judged.

    A slow service, for example one with a real model, needs longer probes.
    """
    *before, last = stages
    return (*before, replace(last, seconds=max(last.seconds, ENOUGH * FEWEST_TURNS / rate)))


def seconds(stages: tuple[Stage, ...]) -> float:
    """The length of the load."""
    return sum(stage.seconds for stage in stages)
