"""What a turn takes of a busy core, as a share of what it takes at a low load.

One run alternates between the two loads, so that both are played at the same speed of the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.capacity import load
from harness.run.plan import Plan
from reports.measures.phases import WARMUP
from reports.records.history import History
from tests.validate.simulation.replica_cpu import replica_cpu

_TIMES = 2.6
"""The high load, as a multiple of the low one."""
_ROUNDS, _WARM_UP_S, _STAGE_S = 8, 4.0, 5.0
_SETTLING_S = 1.0
"""At the begin of a stage: turns of the one before are still running."""


@dataclass(frozen=True, slots=True)
class Alternated:
    """Both loads of one run."""

    ratio: float
    """CPU of a turn at the high load, over that at the low one."""
    high_share: float
    """The share of its core that the replica used at the high load."""


def alternating(plan: Plan, low_rate: float) -> Plan:
    """The plan with a load that alternates between `low_rate`, turns a second, and the high one."""
    stages = [load.Stage(WARMUP, _WARM_UP_S, _TIMES)]
    for number in range(_ROUNDS):
        stages += [
            load.Stage(f"low-{number}", _STAGE_S),
            load.Stage(f"high-{number}", _STAGE_S, _TIMES),
        ]
    return replace(plan, profile=load.profile_at(plan.profile, low_rate, stages))


def alternated(history: History) -> Alternated:
    """The figures of such a run.  Raises ValueError when it has no load or no turn."""
    start = history.load_start
    if start is None or not history.turns:
        raise ValueError("the run must have turns")
    low, high = [list(_spans(start, offset)) for offset in (0.0, _STAGE_S)]
    (low_s, low_turns), (high_s, high_turns) = replica_cpu(history, low), replica_cpu(history, high)
    return Alternated(
        ratio=high_s / high_turns / (low_s / low_turns),
        high_share=high_s / sum(end - begin for begin, end in high),
    )


def _spans(start: float, offset: float) -> Iterator[tuple[float, float]]:
    for number in range(_ROUNDS):
        begin = start + _WARM_UP_S + 2 * number * _STAGE_S + offset
        yield begin + _SETTLING_S, begin + _STAGE_S
