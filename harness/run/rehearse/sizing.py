"""The share of a profile that this machine can play, from the measurements of a rehearsal.

The peak is that of the turns a second, smoothed over 5 s: a shorter spike decides nothing.  It may
need at most 60 % of the machine's capacity.  The rest is for costs that a rehearsal does not show:
replicas that start again in a fault (2 to 4 s of CPU each), the sampler, arrivals in bunches, and
the queues that form before a machine is full.

A service whose turns get much more expensive with a longer history must fail in the run: the load
is reduced for it only up to `GROWN` times the cost of a first turn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.errors import ConfigError
from harness.run.rehearse.rehearsal import Measured
from loadtests.profiles.profile import Profile
from reports.records.sizing import GROWN, Sizing

SHARE = 0.6
"""The peak may need this share of the machine's capacity."""
LEAST_FACTOR = 0.1
"""The smallest factor: a load below it does not resemble the profile."""
LEAST_TURNS = 100
"""A scaled load must still have this many turns, or half of the profile's if those are fewer."""
ANSWERED_SHARE = 0.75
"""A load sized to the replicas may have this share of the rate that a rehearsal reached."""
_LEAST_ANSWERED = 0.8
"""With a smaller share of answered turns in a rehearsal, the cost of a turn is not known."""
_LEAST_MEASURED = 10


@dataclass(frozen=True, slots=True)
class Demand:
    """A load, as the demand on the machine."""

    profile: Profile
    """As it will be played unless it is scaled."""
    scale: float | None
    """The factor that the user or the replayed run gave; None: it follows from the rehearsal."""
    peak: float
    """Turns a second in the peak of the profile as it is written."""
    turns: float
    """All turns of the profile as it is written."""


def sized(demand: Demand, measured: Measured | None, cores: float) -> Sizing:
    """The factor for the load, and why.

    Raises ConfigError when the machine is too small for any honest run of the profile.
    """
    cost = cpu_per_turn(measured)
    first = None if measured is None else cpu_per_turn(measured.first)
    carries = None if cost is None else cores / cost
    factor = 1.0 if demand.scale is None else demand.scale
    if demand.scale is None and cost is not None:
        counted = cost if first is None else min(cost, GROWN * first)
        if SHARE * cores / counted < demand.peak:
            # Rounded down, so that the shown factor is the exact one.
            factor = math.floor(100 * SHARE * cores / counted / demand.peak) / 100
            _check_not_too_small(demand, factor, cores / counted, cores)
    return Sizing(
        mode="auto" if demand.scale is None else "given",
        factor=factor,
        cpu_s_per_turn=cost,
        cores=cores,
        carries_turns_per_s=carries,
        planned_peak_turns_per_s=demand.peak,
        peak_turns_per_s=demand.peak * factor,
        turns=0 if measured is None else measured.turns,
        seconds=0.0 if measured is None else round(measured.seconds, 3),
        cpu_s_per_first_turn=first,
    )


def factor_for(share: float, replicas: int, peak: float, measured: Measured | None) -> float | None:
    """The factor by which a load of `peak` turns a second uses `share` of the replicas' cores.

    `measured` is the CPU of the replicas alone.  Turns may wait for something else than CPU: the
    factor stays below the rate at which the customers of the rehearsal were answered.  None: the
    cost of a turn is not known.
    """
    cost = cpu_per_turn(measured)
    if measured is None or cost is None or measured.seconds <= 0:
        return None
    rate = min(share * replicas / cost, ANSWERED_SHARE * measured.turns / measured.seconds)
    return rate / peak


def cpu_per_turn(measured: Measured | None) -> float | None:
    """Processor seconds; None when too few turns were answered to tell."""
    if measured is None or not measured.cpu_s or measured.turns < _LEAST_MEASURED:
        return None
    if measured.turns < _LEAST_ANSWERED * (measured.turns + measured.failed):
        return None
    return measured.cpu_s / measured.turns


def _check_not_too_small(demand: Demand, factor: float, carries: float, cores: float) -> None:
    left = demand.turns * factor
    carry = "core carries" if cores == 1 else "cores carry"
    cost = 1000 * cores / carries
    if factor >= LEAST_FACTOR and left >= min(LEAST_TURNS, demand.turns / 2):
        return
    raise ConfigError(
        f"--scale auto: {cores:g} {carry} {carries:.3g} turns/s here, at {cost:.3g} ms of CPU a "
        f"turn, and the peak of profile {demand.profile.name} asks for {demand.peak:.3g}: scaled "
        f"to {factor:g} of it, its {demand.turns:.0f} turns would be {left:.0f}, which prove "
        "nothing; choose a smaller --profile, fewer --replicas or a bigger machine"
    )
