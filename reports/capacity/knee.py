"""The knee that the demand predicts, by the utilisation law.

A resource that a turn uses for S seconds carries 1/S turns a second; the knee is that of the
resource that is full first (Denning and Buzen 1978).  Turns in flight are bounded by Little's law:
a bound of K turns that last R seconds carries K/R.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.capacity.findings import Demand
from reports.capacity.limiting import IN_FLIGHT, REDIS, REPLICA
from reports.figures.figure import Figure, Label, unknown


@dataclass(frozen=True, slots=True)
class Knee:
    """The predicted knee."""

    rate: Figure
    """Turns a second."""
    limited_by: str | None
    """The resource that is full first."""


def predicted_knee(demand: Demand) -> Knee:
    """The lowest of the knees of the resources; unknown if no cost is known."""
    idle = demand.replica_idle_share
    free = 1.0 if idle is None or idle.value is None else 1.0 - idle.value
    knees = [
        (REPLICA, _inverse(_cpu_s(demand), free)),
        (REDIS, _inverse(demand.redis_s, 1.0)),
    ]
    if demand.in_flight_limit is not None:
        knees.append((IN_FLIGHT, _inverse(demand.latency_s, float(demand.in_flight_limit))))
    known = [(name, knee) for name, knee in knees if knee is not None and knee.value is not None]
    if not known:
        why = "no cost of a turn is known; a probe with the replica's CPU sampled would tell"
        return Knee(unknown("turns/s", why), None)
    name, rate = min(known, key=lambda each: each[1].value or 0.0)
    return Knee(rate, name)


def _cpu_s(demand: Demand) -> Figure:
    """That of the busier core, which is nearer to that at the knee."""
    busy = demand.busy
    return demand.replica_cpu_s if busy is None or busy.cpu_s.value is None else busy.cpu_s


def _inverse(cost: Figure, amount: float) -> Figure | None:
    """The rate at which `amount` is used; the ends of the interval change places."""
    if cost.value is None or cost.value <= 0:
        return None
    return Figure(
        value=amount / cost.value,
        unit="turns/s",
        label=Label.FITTED,
        low=None if not cost.high else amount / cost.high,
        high=None if not cost.low or cost.low <= 0 else amount / cost.low,
        why="utilisation law: 1 / the seconds that a turn uses of the resource",
    )
