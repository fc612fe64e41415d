"""A load that alternates between a low and a high rate: `reports.capacity.alternation` reads it.

The demand of a capacity run has one load; what two loads would show is validated.
"""

from __future__ import annotations

from harness.capacity.load import Stage
from reports.capacity.alternation import HIGH, LOW
from reports.measures.phases import WARMUP

STAGE_S = 6.0
"""A stage at one of the two rates: long beside a turn, short beside the changes of a shared
machine's speed."""
BUSY_SHARE = 0.75
"""The high load, as a share of a core."""
HIGH_TIMES = 2.6
"""The high rate, as a multiple of the low one."""


def stages(warmup_s: float, rounds: int) -> tuple[Stage, ...]:
    """A warm-up at the high rate, then `rounds` of a stage at the low rate and one at the high."""
    both = ((LOW, 1.0), (HIGH, HIGH_TIMES))
    return (
        Stage(WARMUP, warmup_s, HIGH_TIMES),
        *(Stage(f"{name}-{n}", STAGE_S, rate) for n in range(rounds) for name, rate in both),
    )
