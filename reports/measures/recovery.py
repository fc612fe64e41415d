"""The impact of each fault on customers, and its duration.

A turn is disturbed if it was retried, was not acknowledged, or took longer than the steady state's
limit.  The impact of a fault is the disturbed turns during it, plus those after its healing that
exceed the usual share (see `reports.measures.relapse`).  It ends when the next fault begins.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, count, islice, repeat
from operator import or_

from reports.measures.intervals import SLOW_SHARE, is_enough
from reports.measures.latency import too_slow
from reports.measures.percentiles import ascending
from reports.measures.phases import STEADY, turns_by_phase
from reports.measures.relapse import LONGEST_S, turns_felt
from reports.records import FaultWindow
from reports.records.columns import OK, OUTCOME, RETRIED, Turns, is_acknowledged
from reports.records.history import History


@dataclass(frozen=True, slots=True)
class Impact:
    """The impact of one fault on customers.  Seconds; times are run time."""

    fault: FaultWindow
    first_ok_s: float | None
    """From the fault's start to the first acknowledgement of a turn sent after it."""
    recovery_s: float
    """From the fault's start to the end of the last disturbed turn; 0: no turn was disturbed."""
    after_heal_s: float
    """The part of that after the target was back."""
    disturbed: Sequence[int]
    """Numbers of the disturbed turns, ordered by due time."""
    failed_turns: int
    worst_outage_s: float | None
    """The longest wait of a turn during the fault or its recovery; None: no turn was acknowledged,
    so that no wait shows how long the outage was."""


def impacts(history: History) -> list[Impact]:
    """The impact of each fault, in order."""
    turns = history.turns
    state, done = turns.state, turns.done
    disturbed = _disturbed(history)
    by_phase = history.once(turns_by_phase)
    starts = [fault.start for fault in history.faults]
    first = _first_ok(history)
    usual = _usual_shares(history, disturbed)
    longest = max(LONGEST_S, 4 * history.run.slo("recovery_s"))
    dues = ascending(turns.due) if history.faults else array("d")
    found = []
    for number, fault in enumerate(history.faults):
        following = min((s for s in starts[number + 1 :] if s > fault.start), default=float("inf"))
        until = min(max(following, fault.end), fault.end + longest)
        felt = _felt(fault, turns, disturbed, until, dues, usual[number])
        last = max((done[n] for n in felt), default=fault.start)
        touched = [
            *by_phase.get(f"fault:{fault.id}", []),
            *by_phase.get(f"recovery:{fault.id}", []),
        ]
        found.append(
            Impact(
                fault=fault,
                first_ok_s=None if math.isinf(ok := first[fault.start]) else ok - fault.start,
                recovery_s=last - fault.start,
                after_heal_s=max(0.0, last - fault.end),
                disturbed=felt,
                failed_turns=sum(state[n] & OUTCOME != OK for n in felt),
                worst_outage_s=max(map(turns.latency.__getitem__, touched))
                if any(state[n] & OUTCOME == OK for n in touched)
                else None,
            )
        )
    return found


def _disturbed(history: History) -> array[int]:
    """All disturbed turns, ordered by due time."""
    turns = history.turns
    bad = turns.which(lambda state: bool(state & (OUTCOME | RETRIED)))
    found = compress(count(), map(or_, bad, history.once(too_slow)))
    return array("I", sorted(found, key=turns.due.__getitem__))


def _felt(
    fault: FaultWindow,
    turns: Turns,
    disturbed: array[int],
    until: float,
    dues: Sequence[float],
    usual: float,
) -> array[int]:
    """The disturbed turns during the fault, and those after it that exceed the usual share.

    A turn due after the healing and still in flight at `until` belongs to the next fault.
    """
    due, done = turns.due, turns.done
    healed = bisect_right(disturbed, fault.end, key=due.__getitem__)
    felt = array("I", (n for n in islice(disturbed, healed) if done[n] >= fault.start))
    later = bisect_right(disturbed, until, key=due.__getitem__)
    after = [n for n in islice(disturbed, healed, later) if done[n] < until]
    times = [(due[n], done[n]) for n in after]
    felt.extend(after[: turns_felt(times, dues, fault.end, usual)])
    return felt


def _usual_shares(history: History, disturbed: array[int]) -> list[float]:
    """For each fault the usual share of disturbed turns.

    Measured in the steady state before the fault; at least the share that the objective allows,
    which is also used with too few turns.
    """
    starts = sorted(fault.start for fault in history.faults)
    due, steady = history.turns.due, history.once(turns_by_phase).get(STEADY, array("I"))
    all_before, bad_before = [0] * (len(starts) + 1), [0] * (len(starts) + 1)
    if starts:
        dues = map(due.__getitem__, steady)
        for place, count in Counter(map(bisect_right, repeat(starts), dues)).items():
            all_before[place] = count
        for n in set(disturbed).intersection(steady):
            bad_before[bisect_right(starts, due[n])] += 1
    shares = []
    for number in range(len(starts)):
        turns, bad = sum(all_before[: number + 1]), sum(bad_before[: number + 1])
        shares.append(max(SLOW_SHARE, bad / turns) if is_enough(turns, SLOW_SHARE) else SLOW_SHARE)
    return shares


def _first_ok(history: History) -> dict[float, float]:
    """For each start of a fault: the acknowledgement of the first turn sent after it."""
    starts = sorted({fault.start for fault in history.faults})
    first = [math.inf] * (len(starts) + 1)
    turns = history.turns
    if starts:
        for sent, done in compress(
            zip(turns.sent, turns.done, strict=True),
            turns.which(is_acknowledged),
        ):
            # The number of starts before the turn was sent; the latest of these is filled first.
            number = bisect_right(starts, sent)
            if done < first[number]:
                first[number] = done
    for number in range(len(starts) - 1, 0, -1):
        first[number] = min(first[number], first[number + 1])
    return {start: first[number] for number, start in enumerate(starts, 1)}
