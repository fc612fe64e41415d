"""The resource that limits a probe that failed."""

from __future__ import annotations

from dataclasses import dataclass

from reports.capacity.backlog import Full, Growth
from reports.capacity.turn_times import Waits

REPLICA = "replica CPU"
REDIS = "Redis"
IN_FLIGHT = "turns in flight"
LOCK = "lock or wait in the service"
MODEL = "model"

BUSY = 0.85
"""A resource with this share of its work, or more, is at its limit."""
_REFUSED_SHARE = 0.005
_GROWN = 1.3
"""A wait is longer than before by this factor."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The measurements of a probe by which it is judged."""

    cpu_share: float | None
    """Offered work as a share of the replica's core."""
    redis_share: float | None
    """Offered work as a share of Redis's main thread."""
    waits: Waits
    growth: Growth | None
    full: Full | None
    calm_s: float
    """The latency of a turn at a low load, seconds."""
    model_s: float | None
    """Seconds that a turn waited for the model."""
    calm_model_s: float | None
    """The same at a low load."""


def limited_by(evidence: Evidence) -> str | None:
    """The resource at its limit; None: nothing was at its limit."""
    found = evidence.waits
    busiest = max(
        ((evidence.cpu_share or 0.0, REPLICA), (evidence.redis_share or 0.0, REDIS)),
        key=lambda each: each[0],
    )
    if busiest[0] >= BUSY:
        return busiest[1]
    if _is_bound(evidence):
        return IN_FLIGHT
    if _is_model(evidence):
        return MODEL
    waited = found.mean_s is not None and found.mean_s > _GROWN * evidence.calm_s
    if waited or evidence.full is not None or (evidence.growth and evidence.growth.grows):
        return LOCK
    return None


def _is_bound(evidence: Evidence) -> bool:
    """Whether turns were refused although those that were taken were served as fast as ever.

    If they were served slowly, the bound is reached because of that.
    """
    found = evidence.waits
    if not found.turns or found.refused / found.turns < _REFUSED_SHARE:
        return False
    return found.at_once_s is None or found.at_once_s <= _GROWN * evidence.calm_s


def _is_model(evidence: Evidence) -> bool:
    """Whether the model became slower, and most of the added latency is its."""
    before, now, mean = evidence.calm_model_s, evidence.model_s, evidence.waits.mean_s
    if before is None or now is None or mean is None or now <= _GROWN * before:
        return False
    return now - before >= 0.5 * (mean - evidence.calm_s)
