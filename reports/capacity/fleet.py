"""How many replicas a load needs, with one away, with a zone lost, and during a rollout."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from reports.capacity.findings import Sustainable
from reports.capacity.reach import REACH, Reach
from reports.figures.derive import conservative, up, weakest
from reports.figures.figure import Figure, Label, unknown

UNIT = "replicas"
SHARED = ("Redis", "model")
"""Limits that all replicas share: more replicas do not move them."""
_BEYOND = 1.1
"""The simulator must refuse one replica this many times the load that failed."""
_MOST_MORE = 0.5
"""The simulator may ask for this many more replicas, as a share; more would be another answer."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """The simulator, calibrated by the capacity run."""

    passes: Callable[[int, float], bool | None]
    """(replicas, turns a second) → whether the fleet keeps the SLO; None: it cannot tell."""
    checked_replicas: int
    """The largest fleet against whose measurement the simulator was checked."""


def least(rate: float, per_replica: float) -> int:
    """The fewest replicas that carry `rate` turns a second if each carries `per_replica`."""
    return max(up(rate / per_replica), 1)


def zone_lost(bare: int, zones: int) -> int:
    """The fewest replicas of which `bare` are left when the fullest of `zones` is lost.

    They are spread as evenly as can be: with n = ⌈bare · Z / (Z − 1)⌉ the fullest zone has ⌈n / Z⌉,
    and n − ⌈n / Z⌉ ≥ bare.  With one zone nothing is left, so one more replica is all that helps.
    """
    return bare + 1 if zones < 2 else math.ceil(bare * zones / (zones - 1))


def bare_fleet(
    target: Figure,
    sustainable: Sustainable | None,
    simulation: Simulation | None,
    reach: Reach = REACH,
    checked: int = 1,
) -> Figure:
    """The replicas that carry the target when all of them are there.

    `checked` is the largest fleet that was checked, if there is no `simulation` that says it.

    The load of one replica counts at its lower bound, which passed.  N replicas behind a balancer
    are not N single replicas: the simulator may ask for more, never for fewer.
    """
    if sustainable is None or sustainable.rate.value is None:
        why = "" if sustainable is None else sustainable.rate.why
        return unknown(UNIT, why or "the sustainable load of one replica was not measured")
    if sustainable.limited_by in SHARED:
        return unknown(
            UNIT,
            f"the probes were limited by {sustainable.limited_by}, which all replicas share; "
            "a run in which the replica is the limit would tell",
        )
    lower = conservative(sustainable.rate)
    if target.value is None or not lower:
        return unknown(UNIT, target.why or "no probe passed: a lower rate must be probed")
    needed = least(target.value, lower)
    label, why = Label.ASSUMED, "N replicas are taken to carry N times one replica's load"
    used = simulation
    if simulation is not None and not _agrees(sustainable.rate, lower, simulation):
        used, why = None, f"{why}; the simulator does not find the measured load of one replica"
    if used is not None:
        checked = used.checked_replicas
    if needed > reach.replicas * checked:
        return unknown(
            UNIT,
            f"about {needed:,} replicas would be more than {reach.replicas:g} times the largest "
            f"fleet that was checked ({checked}); a run with "
            f"{up(needed / reach.replicas):,} replicas or more would tell",
        )
    if used is not None:
        found = _simulated(needed, target.value, used)
        if found is None:
            why = f"{why}; the simulator could not tell"
        elif found < 0:
            most = _most(needed)
            return unknown(
                UNIT,
                f"simulated fleets of {needed} to {most} replicas do not keep the SLO at this "
                "load; a measurement of such a fleet would tell",
            )
        else:
            more = f", {found - needed} more than one replica's load says" if found > needed else ""
            needed, label = found, Label.SIMULATED
            why = f"the smallest simulated fleet that keeps the SLO{more}"
    rate = sustainable.rate
    # Where nothing failed a replica may carry any load: there is no fewest.
    low = None if rate.high is None else least(target.low or target.value, rate.high)
    high = least(target.high or target.value, lower)
    return Figure(
        value=needed,
        unit=UNIT,
        label=weakest(label, target.label, rate.label),
        low=None if low is None else min(low, needed),
        high=max(high, needed),
        why=why,
    )


def grown(bare: Figure, grow: Callable[[int], int], why: str) -> Figure:
    """`grow` applied to the number and both ends; unknown stays unknown."""
    if bare.value is None:
        return bare
    ends = [None if end is None else float(grow(int(end))) for end in (bare.low, bare.high)]
    return replace(bare, value=float(grow(int(bare.value))), low=ends[0], high=ends[1], why=why)


def _agrees(rate: Figure, lower: float, simulation: Simulation) -> bool:
    """Whether the simulator finds for one replica about what was measured."""
    if simulation.passes(1, lower) is not True:
        return False
    return rate.high is None or simulation.passes(1, _BEYOND * rate.high) is False


def _simulated(needed: int, rate: float, simulation: Simulation) -> int | None:
    """The smallest fleet from `needed` on that passes; None: it cannot tell; -1: none does."""
    fleet = needed
    while fleet <= _most(needed):
        passes = simulation.passes(fleet, rate)
        if passes is None:
            return None
        if passes:
            return fleet
        fleet += max(1, fleet // 50)
    return -1


def _most(needed: int) -> int:
    return needed + max(2, up(needed * _MOST_MORE))
