"""What a turn takes of a busy core, as a share of what it takes at a low load.

One run alternates between the two loads, so that both are played at the same speed of the machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.capacity import load
from harness.run.plan import Plan
from reports.capacity.alternation import alternation
from reports.measures.cpu_use import replica_steps
from reports.records.history import History
from tests.validate import alternating as alternating_load

_ROUNDS, _WARM_UP_S = 6, 4.0


@dataclass(frozen=True, slots=True)
class Alternated:
    """Both loads of one run."""

    ratio: float
    """CPU of a turn at the high load, over that at the low one."""
    high_share: float
    """The share of its core that the replica used at the high load."""


def alternating(plan: Plan, low_rate: float) -> Plan:
    """The plan with a load that alternates between `low_rate`, turns a second, and the high one."""
    stages = alternating_load.stages(_WARM_UP_S, _ROUNDS)
    return replace(plan, profile=load.profile_at(plan.profile, low_rate, stages))


def alternated(history: History) -> Alternated:
    """The figures of such a run.  Raises ValueError when it has no load or no turn."""
    found = alternation(history, replica_steps(history))
    if found is None:
        raise ValueError("the run must have turns at both loads")
    return Alternated(ratio=found.high.cpu_s / found.low.cpu_s, high_share=found.high.share)
