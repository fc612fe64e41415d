"""The limits of a profile: a run within them is good enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from loadtests.profiles.fields import Bounds
from loadtests.profiles.model import Profile
from loadtests.profiles.source import Told
from loadtests.profiles.table import Table

_LIMITS = {
    "steady_p99_s": (
        Bounds(0.001, 3600),
        "Seconds: the 99th percentile of latency in the steady state, from the intended time.",
    ),
    "fault_p99_s": (Bounds(0.001, 3600), "Seconds: the same while a fault lasts."),
    "recovery_s": (
        Bounds(0.001, 3600),
        "Seconds from healing a fault until no more turns are disturbed than before it.",
    ),
    "max_outage_s": (
        Bounds(0.001, 3600),
        "Seconds: the longest time for which any one customer got no answer.",
    ),
    "error_rate": (
        Bounds(0, 1),
        "The share of turns that may end without a reply after all retries.",
    ),
    "generator_lag_p99_s": (
        Bounds(0.001, 60),
        "Seconds: a generator later than this makes the run INCONCLUSIVE.",
    ),
    "memory_slack": (
        Bounds(1, 100),
        "Redis memory may be this many times the memory that the live sessions explain.",
    ),
}
"""Every limit that the checks use, and what it means; a profile states all of them."""
_OPTIONAL = {
    "recovery_p99_s": (Bounds(0.001, 3600), "Seconds: the same in the 5 s after a fault."),
    "warmup_p99_s": (Bounds(0.001, 3600), "Seconds: the same in the warm-up."),
}
"""Limits that are those of `fault_p99_s` unless a profile states them."""

SLO_BOUNDS = {name: limit for name, (limit, _) in {**_LIMITS, **_OPTIONAL}.items()}
"""Every limit that may be set, with its bounds."""


def read_slo(table: Table) -> dict[str, float]:
    """Every limit.  Raises ProfileError."""
    slo: dict[str, float] = {}
    for name, (limit, meaning) in _LIMITS.items():
        table.tell(name, Told(meaning))
        slo[name] = table.number(name, limit.low, limit.high)
    for name, (limit, meaning) in _OPTIONAL.items():
        table.tell(name, Told(meaning, without="`fault_p99_s`"))
        slo[name] = table.number(name, limit.low, limit.high, slo["fault_p99_s"])
    table.close()
    return slo


def with_slo(profile: Profile, limits: Mapping[str, float]) -> Profile:
    """The profile with these limits, which are within `SLO_BOUNDS`.

    A limit that is that of `fault_p99_s` in the profile follows it, unless it is set itself.
    """
    before = profile.slo
    slo = {**before, **limits}
    for name in _OPTIONAL:
        if name not in limits and before[name] == before["fault_p99_s"]:
            slo[name] = slo["fault_p99_s"]
    return replace(profile, slo=slo)
