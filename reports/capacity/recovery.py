"""Whether a probe recovered from its disturbance: a killed replica, or a deliberate overload.

Metastability (Huang et al., OSDI 2022): a system may stay slow after the cause has gone, because
retries and time-outs keep it overloaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.capacity.backlog import OpenTurns
from reports.capacity.measured_part import MeasuredPart
from reports.capacity.turn_times import TurnTime, within
from reports.measures.intervals import SLOW_SHARE

WINDOW_S = 5.0
"""Turns are judged in windows of this length."""
_STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class Recovery:
    """The recovery after the last disturbance."""

    seconds: float | None = None
    """From its end until the turns that are due keep their limit; None: not, or no disturbance."""
    failure: str | None = None
    """Why it did not recover."""
    doubt: str | None = None
    """Why nothing is known about it."""


def recovery(turns: Sequence[TurnTime], part: MeasuredPart, limit: float) -> Recovery:
    """The recovery; empty without a disturbance.  `limit` is that of the latency, seconds."""
    since = part.last_disturbance_end
    if since is None:
        return Recovery()
    if part.end - since < 2 * WINDOW_S:
        return Recovery(doubt=f"only {part.end - since:.0f} s of load follow the disturbance")
    at = since
    while at + WINDOW_S <= part.end:
        if _keeps(within(turns, [(at, at + WINDOW_S)]), limit):
            return Recovery(seconds=at - since)
        at += _STEP_S
    open_turns = OpenTurns(turns)
    after = part.end - since
    then, half, now = (open_turns.at(t) for t in (since, since + after / 2, part.end))
    if now < half < then:
        return Recovery(doubt=f"the backlog still fell {after:.0f} s after the disturbance")
    return Recovery(
        failure=f"{after:.0f} s after the disturbance latency was not within its limit, and "
        f"{now} turns were open, {then} at its end: it does not recover"
    )


def _keeps(turns: Sequence[TurnTime], limit: float) -> bool:
    """Whether at most 1 % of these turns, or a single one, miss the limit."""
    missed = sum(turn.misses(limit) for turn in turns)
    return bool(turns) and missed <= max(1.0 if len(turns) > 20 else 0.0, SLOW_SHARE * len(turns))
