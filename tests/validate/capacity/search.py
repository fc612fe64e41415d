"""Whole searches on simulated services with a known limit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from harness.capacity.play_probe import DEMAND_SHARE
from harness.capacity.search import Finished, next_probe
from reports.capacity.criteria import WORK_LIMIT
from reports.capacity.demand import measure_demand
from reports.capacity.findings import Demand, Probe, Sustainable
from reports.capacity.knee import predicted_knee
from reports.capacity.limiting import IN_FLIGHT, LOCK, REDIS, REPLICA
from reports.capacity.probe import judge_probe
from reports.capacity.sustainable import sustainable
from tests.validate.alternating import BUSY_SHARE, HIGH_TIMES, STAGE_S
from tests.validate.capacity.service import Load, Service
from tests.validate.capacity.written import played

OVERHEAD_S = 15.0
"""The warm-up and the drain of a simulated probe, seconds."""
DEMAND_S, ALTERNATING_S = 60.0, 48.0
DEMAND_THINK_S = 1.0
"""A mean conversation thinks for two seconds then, as in a capacity run."""


@dataclass(frozen=True)
class Planted:
    """A service whose limit is known."""

    name: str
    service: Service
    limit: float
    """The highest load that holds, turns a second."""
    limited_by: str


@dataclass(frozen=True)
class Outcome:
    """A finished search."""

    end: Finished
    demand: Demand
    probes: tuple[Probe, ...]
    answer: Sustainable

    @property
    def seconds(self) -> float:
        """The simulated duration, the demand run left out."""
        return sum(probe.seconds + OVERHEAD_S for probe in self.probes)


def planted() -> tuple[Planted, ...]:
    """A processor, a lock, a slow Redis, and a bound of turns in flight.

    The limit is 0.95 of what the resource carries.  The bound's follows from no formula: with
    customers who come back, 1 % of the turns take longer than 2 s at 58.4 turns a second, by runs
    of ten minutes.
    """
    forty = WORK_LIMIT / 0.025
    return (
        Planted("processor", Service(), forty, REPLICA),
        Planted("lock", Service(cpu_s=0.010, lock_s=0.025), forty, LOCK),
        Planted("slow Redis", Service(cpu_s=0.010, redis_s=0.025), forty, REDIS),
        Planted("turns in flight", Service(cpu_s=0.008, in_flight=12), 58.4, IN_FLIGHT),
    )


def search(
    service: Service,
    seed: int,
    *,
    starved: bool = False,
    think_s: float = 2.0,
    alternating: bool = False,
) -> Outcome:
    """Measure the demand of the service, search its limit, and answer.

    The load of the demand is low all the time, as in a capacity run, or alternates.
    """
    most = 1 / max(service.cpu_s, service.redis_s)
    load = Load(DEMAND_SHARE * most, seconds=DEMAND_S, seed=seed * 1000)
    if alternating:
        low = BUSY_SHARE * most / HIGH_TIMES
        load = replace(load, rate=low, seconds=ALTERNATING_S, think_s=DEMAND_THINK_S)
        load = replace(load, alternating=(STAGE_S, HIGH_TIMES))
    demand = measure_demand(played(service, load))
    knee = predicted_knee(demand).rate.value or math.nan
    probes: list[Probe] = []
    while True:
        step = next_probe(knee, probes, seed * 1000)
        if isinstance(step, Finished):
            why = "" if step.conclusive else step.why
            answer = sustainable(demand, probes, why)
            return Outcome(step, demand, tuple(probes), answer)
        load = Load(step.rate, seconds=step.seconds, seed=step.seed)
        load = Load(**{**vars(load), "starved": starved, "think_s": think_s})
        probes.append(judge_probe(played(service, load), step.kind, demand=demand))


def overclaims(outcome: Outcome, limit: float, share: float = 0.05) -> bool:
    """Whether a load that is by `share` or more above the limit is called sustainable."""
    rate = outcome.answer.rate
    told = [value for value in (rate.value, rate.low) if value is not None]
    return any(value >= limit * (1 + share) for value in told)
