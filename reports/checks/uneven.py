"""A replica that is much slower than the others, though within the limits.

Each turn is compared with the turns answered just before and after it, of any replica.  A replica
is named if surely most of its turns are slow in this comparison.  The limits of the profile decide
whether that fails the run, so this is shown and does not fail.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import compress
from statistics import median

from reports.measures.intervals import CONFIDENCE, binomial_tail
from reports.measures.own_faults import is_within, own_faults
from reports.measures.phases import WARMUP, turns_by_phase
from reports.records import Finding, Status
from reports.records.columns import OK, OUTCOME, RETRIED
from reports.records.history import History

TIMES, MORE_S = 3.0, 0.2
"""A turn is slow if it takes this many times as long as those around it, and this many seconds
more."""
USUAL = 0.2
"""Share of slow turns that a healthy replica may have by chance, at least: replies differ."""
_MOST = 0.5
"""Share of its turns that must be slow."""
_AROUND = 24
"""Turns compared with each other; records are written in the order of the answers."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """The turns of the replicas, by their numbers in `Turns.replicas`."""

    every: Counter[int]
    slow: Counter[int]


def check_uneven(history: History) -> list[Finding]:
    """Name the slowest replica, if one is much slower than the others; else no finding."""
    turns = history.turns
    compared = _compare(history)
    every, slow = compared.every, compared.slow
    if len(every) < 3:
        return []  # with two, the others are one
    outside = (1 - CONFIDENCE) / 2 / len(every)

    def is_slow(place: int) -> bool:
        others = (slow.total() - slow[place]) / max(1, every.total() - every[place])
        if slow[place] <= _MOST * every[place] or others > _MOST:
            return False
        return binomial_tail(slow[place], every[place], max(USUAL, others)) <= outside

    named = sorted((turns.replicas[place] or "", place) for place in every if is_slow(place))
    if not named:
        return []
    lines = tuple(
        f"{name} answered {slow[place]} of {every[place]} turns at least {TIMES:g} times more "
        f"slowly than the others at that time{_medians(history, place)}"
        for name, place in named
    )
    more = f", and {len(named) - 1} more replicas" if len(named) > 1 else ""
    return [
        Finding(
            check="latency.uneven",
            phase="run",
            status=Status.PASS,
            value=float(len(named)),
            limit=None,
            unit="replicas",
            summary=f"{lines[0]}{more}",
            evidence=lines,
        )
    ]


def _compare(history: History) -> _Compared:
    """Compare the turns that were answered at once, outside of the answering replica's faults."""
    turns, spans_of = history.turns, history.once(own_faults)
    spans = [spans_of(name) for name in turns.replicas]
    due, done, replica, latency = turns.due, turns.done, turns.replica, turns.latency
    chosen = turns.which(lambda flags: flags & OUTCOME == OK and not flags & RETRIED)
    for n in history.once(turns_by_phase).get(WARMUP, ()):
        chosen[n] = 0
    answered = [n for n in compress(range(len(turns)), chosen) if replica[n]]
    hit = [n for n in answered if spans[replica[n]]]
    excused = {n for n in hit if is_within(spans[replica[n]], due[n], done[n])}
    every = Counter([replica[n] for n in answered if n not in excused])
    slow: Counter[int] = Counter()
    for begin in range(0, len(answered), _AROUND):
        # The last group is filled with earlier turns.
        first = max(0, min(begin, len(answered) - _AROUND))
        usual = median([latency[n] for n in answered[first : first + _AROUND]])
        limit = max(TIMES * usual, usual + MORE_S)
        for n in answered[begin : begin + _AROUND]:
            if latency[n] > limit and n not in excused:
                slow[replica[n]] += 1
    return _Compared(every, slow)


def _medians(history: History, place: int) -> str:
    turns = history.turns
    mine: list[float] = []
    others: list[float] = []
    times = zip(turns.due, turns.done, turns.replica, turns.state, strict=True)
    for due, done, replica, state in times:
        if replica and state & OUTCOME == OK and not state & RETRIED:
            (mine if replica == place else others).append(done - due)
    return f" (medians {median(mine):.2f} s and {median(others):.2f} s)" if mine and others else ""
