"""What a check finds: one status with its value, its limit, and what they rest on."""

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
    """What a share or a percentile rests on."""

    n: int
    """The size of the sample: how many turns (or arrivals) were measured."""
    low: float
    """The lower end of the 95 % confidence interval, in the unit of the finding."""
    high: float | None
    """The upper end; None: the sample is too small to have one."""
    judged_as: str
    """`p99` or `share`; `slowest` or `none` where the sample is too small for them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found in one phase."""

    check: str
    phase: str
    status: Status
    value: float | None
    limit: float | None
    unit: str
    summary: str
    """One sentence for a person."""
    evidence: tuple[str, ...] = ()
    """Up to 20 lines: the turns, times, replicas and the fault beside it."""
    out_of_sight: bool = False
    """Unknown because it cannot be seen from outside of a foreign target: said, but not held
    against the verdict."""
    sample: Evidence | None = None
    """What the value rests on, where it is a share or a percentile."""
