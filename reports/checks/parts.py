"""Broken parts of a service that looks fine as a whole: one replica, or some customers.

A percentile allows 1 % of the turns to be slow, wherever they are.  If all of them are on one
replica, or belong to the same customers (of one shard), that part is broken.  So the slow and
unanswered turns of the steady state are examined again.  A bad turn is lone if turns of others were
served well at the same time.  Chance spreads lone turns; a broken part concentrates them.

If the whole steady state is too slow, its own gate reports that, and these gates report nothing.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from reports.measures.intervals import CONFIDENCE, SLOW_SHARE, binomial_tail, judge_share
from reports.measures.latency import too_slow
from reports.measures.own_faults import is_within, own_faults
from reports.measures.phases import STEADY, WARMUP, turns_by_phase
from reports.records import Finding, Status
from reports.records.columns import OK, OUTCOME, RETRIED
from reports.records.history import History

REPLICA_LIMIT = 0.1
"""A replica fails if, with confidence, more than this share of its turns is bad."""
CUSTOMER_BAD_TURNS = (2, 3)
"""Customers count as stuck with this many bad turns that are most of their turns.  In a small run
two customers with two such turns fail the gate; in a large run chance makes several of those, but
hardly any with three."""
BY_CHANCE = 0.001
"""The gate fails if chance produces that many stuck customers with at most this probability."""
_WELL = 1 / 3
"""A bad turn is lone if at most this share of others' turns in the same seconds is bad."""
_FEWEST_OTHERS = 5
_EVIDENCE_LINES = 20


@dataclass(frozen=True, slots=True)
class _Steady:
    """The steady state's turns, and the lone bad ones among them, as numbers of turns."""

    turns: Sequence[int]
    lone: list[int]
    shares: dict[int, float]
    """Second of the due time → share of bad turns in it and in its neighbours."""


def check_parts(history: History) -> list[Finding]:
    """Gate the worst replica and the worst served customers; no finding without bad turns."""
    numbers = history.once(turns_by_phase).get(STEADY, ())
    bad = _bad(history, numbers)
    if bad and judge_share(len(bad), len(numbers), SLOW_SHARE) is Status.FAIL:
        return []
    findings = _replicas(history, numbers, bad)
    return [*findings, _customers(history, _steady(history, numbers, bad))] if bad else findings


def _bad(history: History, numbers: Sequence[int]) -> list[int]:
    state, slow = history.turns.state, history.once(too_slow)
    return [n for n in numbers if slow[n] or state[n] & OUTCOME != OK]


def _steady(history: History, numbers: Sequence[int], bad: Sequence[int]) -> _Steady:
    due, owner = history.turns.due, history.turns.conversation
    every = Counter(int(due[n]) for n in numbers)
    bad_in = Counter(int(due[n]) for n in bad)
    # Other turns of the same customers in these seconds do not count as others' turns.
    hurt = {owner[n] for n in bad}
    own = Counter((owner[n], int(due[n])) for n in numbers if owner[n] in hurt)
    own_bad = Counter((owner[n], int(due[n])) for n in bad)
    hurt_in: defaultdict[int, set[int]] = defaultdict(set)
    for n in bad:
        hurt_in[int(due[n])].add(owner[n])
    shares: dict[int, float] = {}
    for t in {beside for second in bad_in for beside in _beside(second)}:
        count = sum(every[beside] for beside in _beside(t))
        # Bad turns of one customer do not make the second bad for all.
        several = len(set().union(*(hurt_in[beside] for beside in _beside(t)))) > 1
        shares[t] = sum(bad_in[beside] for beside in _beside(t)) / count if several else 0.0
    lone = []
    for n in bad:
        near = _beside(int(due[n]))
        others = sum(every[t] - own[owner[n], t] for t in near)
        others_bad = sum(bad_in[t] - own_bad[owner[n], t] for t in near)
        if others >= _FEWEST_OTHERS and others_bad <= _WELL * others:
            lone.append(n)
    return _Steady(numbers, lone, shares)


def _beside(second: int) -> range:
    return range(second - 1, second + 2)


def _near_faults_of_others(history: History) -> list[int]:
    """The turns during faults that are not the answering replica's own.

    In a short run most turns are near a fault.  A retried one may have waited for another replica.
    """
    turns, spans_of = history.turns, history.once(own_faults)
    spans = [spans_of(name) for name in turns.replicas]
    return [
        n
        for phase, numbers in history.once(turns_by_phase).items()
        if phase not in (STEADY, WARMUP)
        for n in numbers
        if turns.replica[n]
        and not turns.state[n] & RETRIED
        and not is_within(spans[turns.replica[n]], turns.due[n], turns.done[n])
    ]


def _replicas(history: History, calm: Sequence[int], calm_bad: Sequence[int]) -> list[Finding]:
    """The replica with the largest share of lone bad turns, in calm and during others' faults.

    No finding with one replica, or without bad turns.
    """
    near = _near_faults_of_others(history)
    near_bad = _bad(history, near)
    if not calm_bad and not near_bad:
        return []
    steady = _steady(history, [*calm, *near], [*calm_bad, *near_bad])
    if not calm_bad and not steady.lone:
        return []
    replica, names = history.turns.replica, history.turns.replicas
    every = Counter(replica[n] for n in steady.turns)
    bad = Counter(replica[n] for n in steady.lone)
    del every[0]
    if len(every) < 2:
        return []
    worst = max(every, key=lambda place: (bad[place] / every[place], every[place]))
    share, name = bad[worst] / every[worst], names[worst]
    improbable = binomial_tail(bad[worst], every[worst], REPLICA_LIMIT)
    dead = bad[worst] and improbable <= (1 - CONFIDENCE) / 2 / len(every)
    return [
        Finding(
            check="latency.replica",
            phase=STEADY,
            status=Status.FAIL if dead else Status.PASS,
            value=share,
            limit=REPLICA_LIMIT,
            unit="share",
            summary=f"{bad[worst]} of the {every[worst]} turns that {name} answered were slow or "
            f"failed while the other replicas answered well ({share:.1%}), limit "
            f"{REPLICA_LIMIT:.0%} with {CONFIDENCE:.0%} confidence",
            evidence=_evidence(history, [n for n in steady.lone if replica[n] == worst]),
        )
    ]


def _customers(history: History, steady: _Steady) -> Finding:
    """Gate the number of customers with most of their turns among the lone bad ones."""
    owner = history.turns.conversation
    every = Counter(owner[n] for n in steady.turns)
    bad = Counter(owner[n] for n in steady.lone)
    shares = _shares(history, steady, every)
    for fewest in CUSTOMER_BAD_TURNS:
        stuck = {each for each, n in bad.items() if n >= _needed(every[each], fewest)}
        most = _most_by_chance(_expected(shares, fewest))
        turns = [n for n in steady.lone if owner[n] in stuck]
        together = len(stuck) > most and not _are_one_journey(history, turns)
        if together:
            break
    return Finding(
        check="latency.customers",
        phase=STEADY,
        status=Status.FAIL if together else Status.PASS,
        value=float(len(stuck)),
        limit=float(most),
        unit="customers",
        summary=f"{len(stuck)} of {len(every)} customers had at least {fewest} and "
        f"most of their turns slow or failed while others were served well; chance explains {most}",
        evidence=_evidence(history, turns) if together else (),
    )


def _shares(history: History, steady: _Steady, every: Counter[int]) -> Counter[tuple[int, float]]:
    """(Number of turns, mean share of bad turns in their seconds) → number of conversations."""
    due, owner = history.turns.due, history.turns.conversation
    shares: defaultdict[int, float] = defaultdict(float)
    for n in steady.turns:
        shares[owner[n]] += max(SLOW_SHARE, steady.shares.get(int(due[n]), 0.0))
    return Counter((size, round(shares[each] / size, 3)) for each, size in every.items())


def _expected(shares: Counter[tuple[int, float]], fewest: int) -> float:
    """The expected number of such customers if chance spread the bad turns of every second."""
    return sum(
        times * binomial_tail(_needed(size, fewest), size, share)
        for (size, share), times in shares.items()
        if _needed(size, fewest) <= size
    )


def _needed(size: int, fewest: int) -> int:
    return max(fewest, size // 2 + 1)


def _most_by_chance(expected: float) -> int:
    """The largest count, at least 1, that is still plausible for a Poisson mean."""
    below = term = math.exp(-expected)
    most = 0
    while most < 1 or 1 - below > BY_CHANCE:
        most += 1
        term *= expected / most
        below += term
    return most


def _are_one_journey(history: History, numbers: Sequence[int]) -> bool:
    """Whether all these turns are of one journey among several, which is then just slower."""
    journeys = {history.turns[n].journey for n in numbers}
    planned = history.run.profile.get("journeys")
    return len(journeys) == 1 and isinstance(planned, dict) and len(planned) > 1


def _evidence(history: History, numbers: Sequence[int]) -> tuple[str, ...]:
    records = (history.turns[n] for n in numbers[:_EVIDENCE_LINES])
    return tuple(
        f"conversation {turn.conversation}, turn {turn.turn_id}: {turn.outcome} after "
        f"{turn.latency:.2f} s, answered by {turn.replica or 'nobody'}, due {turn.due:.2f} s"
        for turn in records
    )
