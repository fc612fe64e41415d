"""The error budget: the bad turns that the objectives allow in a run, and the faults' shares of it.

A profile declares two objectives: all but `error_rate` of the turns are answered, and 99 % of them
within `steady_p99_s`.  The share of bad turns that an objective allows, times the offered turns, is
its budget in turns.  A bad turn counts once, as unanswered or else as slow.  The spent share is the
larger of the two, because the objective whose budget is used up first is broken first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reports.measures.intervals import SLOW_SHARE
from reports.records.columns import OUTCOME, WORDLESS, Turns
from reports.records.history import History


@dataclass(frozen=True, slots=True)
class Spending:
    """Bad turns, and their share of the run's budget."""

    failed: int
    """Not answered."""
    slow: int
    """Answered, later than the objective says."""
    spent: float | None
    """1 is the whole budget.  None: bad turns although the objective allows none."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The budget of a run."""

    failed_allowed: float
    """Turns that may go unanswered; a small run's budget is a fraction of one."""
    slow_allowed: float
    slow_limit_s: float

    def spending(self, turns: Turns, which: Iterable[int]) -> Spending:
        """The part of the budget that these turns (by number) spend."""
        state, due, done = turns.state, turns.due, turns.done
        failed = slow = 0
        for number in which:
            if state[number] & (OUTCOME | WORDLESS):
                failed += 1
            elif done[number] - due[number] > self.slow_limit_s:
                slow += 1
        return self.of(failed, slow)

    def of(self, failed: int, slow: int) -> Spending:
        """The share of the budget for this many bad turns."""
        shares = [_share(failed, self.failed_allowed), _share(slow, self.slow_allowed)]
        known = [share for share in shares if share is not None]
        return Spending(failed, slow, max(known) if len(known) == len(shares) else None)


def budget(history: History) -> Budget:
    """The budget of a run, from its profile's objectives and its offered turns."""
    offered = len(history.turns)
    return Budget(
        failed_allowed=history.run.slo("error_rate") * offered,
        slow_allowed=SLOW_SHARE * offered,
        slow_limit_s=history.run.slo("steady_p99_s"),
    )


def _share(bad: int, allowed: float) -> float | None:
    if not bad:
        return 0.0
    return bad / allowed if allowed > 0 else None
