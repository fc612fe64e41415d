"""The finding of a check: a status with its value, its limit, and its sample."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """The status of a finding or a gate."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    """No evidence, or the check itself crashed.  Never counts as passed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sample behind a share or a percentile."""

    n: int
    """The size of the sample: the number of measured turns (or arrivals)."""
    low: float
    """The lower end of the 95 % confidence interval, in the unit of the finding."""
    high: float | None
    """The upper end; None: the sample is too small to have one."""
    judged_as: str
    """`p99` or `share`; `slowest` or `none` if the sample is too small for them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The finding of one check in one phase."""

    check: str
    phase: str
    status: Status
    value: float | None
    limit: float | None
    unit: str
    summary: str
    """One sentence for a person."""
    evidence: tuple[str, ...] = ()
    """Up to 20 lines: the turns, times, replicas and nearby faults."""
    out_of_sight: bool = False
    """Unknown because the target or the agent's own model does not show it, or because the agent
    leaves messages out by design: reported, but not counted in the verdict."""
    sample: Evidence | None = None
    """The sample behind the value, if it is a share or a percentile."""
