"""The speed of the machine in a run, by which its processor times are compared.

A turn of the same code costs 9 to 16 ms on one virtual machine within a quarter of an hour, because
others share its processors.  What costs the same work in every run shows it: a fixed piece of work
beside the load, and the work of diya's load balancer for a turn, which runs at the moments in which
the replicas do.  Each alone follows the replicas within 2 to 5 %, both together within 1 to 2 %
(docs/proof.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

_NOMINAL_WORK_S = 0.0005
_NOMINAL_BALANCER_S = 0.00125
"""Both as on two undisturbed virtual processors.  All runs are divided by the same values, so that
they scale the figures that are shown and change no comparison."""
_BALANCER_ALIKE = 0.10
"""In logarithms.  Where the balancer does the same work on both sides, the ratio of the two
measures varies by 6 % from run to run (standard deviation) and its means of five runs each differ
by 4 %.  Other replies make other work, and shift the mean of one side."""

_SCALED = ("replica_cpu_s_per_turn", "redis_cpu_s_per_turn")


def at_one_speed(
    a: Sequence[Mapping[str, Any]], b: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], list[float]]:
    """The results of A, then of B, with their processor times at the nominal speed, and the factor
    of each.

    The factor says how many times slower than nominal the machine was.  Where it was not measured
    in every run, the results come back as they are, without factors.
    """
    results = [*a, *b]
    found = _factors([result.get("costs") or {} for result in results], len(a))
    if not found:
        return results, []
    return [_scaled(*each) for each in zip(results, found, strict=True)], found


def _factors(costs: Sequence[Mapping[str, float | None]], in_a: int) -> list[float]:
    works = [each.get("reference_work_s") or 0.0 for each in costs]
    if not all(works):
        return []
    by_work = [work / _NOMINAL_WORK_S for work in works]
    balancers = [each.get("balancer_cpu_s_per_turn") or 0.0 for each in costs]
    if not all(balancers):
        return by_work
    by_balancer = [each / _NOMINAL_BALANCER_S for each in balancers]
    both = list(zip(by_work, by_balancer, strict=True))
    apart = [math.log(work / balancer) for work, balancer in both]
    a, b = apart[:in_a], apart[in_a:]
    if a and b and abs(fmean(a) - fmean(b)) > _BALANCER_ALIKE:
        return by_work
    return [math.sqrt(work * balancer) for work, balancer in both]


def _scaled(result: Mapping[str, Any], factor: float) -> Mapping[str, Any]:
    costs = dict(result["costs"])
    for name in _SCALED:
        if costs.get(name) is not None:
            costs[name] /= factor
    return {**result, "costs": costs}
