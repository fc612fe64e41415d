"""Replicas that answer no turn, or none any more, although the balancer should send them some.

A balancer that picks replicas at random leaves k given ones of N out of n turns with the
probability (1 - k/N)^n, and any k of them with at most C(N, k) times as much.  Most balancers are
more even than that.  How even one is shows in the run itself: blocks of N and of 2 N turns, away
from faults of replicas, tell how often a replica is left out of so many turns in a row.  Reads of
sessions count as turns do, if the replicas answered some before and none any more.

Some balancers give a replica less than the others, or keep a conversation on its replica.  The run
shows that too: replicas that surely answered less before are expected to answer less later, and
where fewer turns move than chance lets, a later turn of a conversation counts less than its first.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports.measures.intervals import share_interval
from reports.measures.own_faults import Span, is_within, own_faults, planned_names
from reports.measures.replicas import replicas_seen
from reports.records.history import History

SILENT_BY_CHANCE = 0.01
"""Replicas are silent if chance leaves any as many out with at most this probability, divided by
the square of their number."""
FELL_SILENT_BY_CHANCE = 0.001
"""The same where one of them answered before; it may fall silent at any time."""
_LEAST_BY_CHANCE = 1e-4
"""No larger number of silent replicas needs a lower probability than this."""

_FEWEST_TURNS = 4
"""Turns for each replica from which several that never answered are judged together: with fewer, a
few connections that stay open explain that few replicas answered."""
_SUSPICIOUS = 0.05
"""Reads are looked at if chance explains the silence in the turns with at most this probability."""
_SURE = 0.9
"""The confidence with which a balancer is weighted, or keeps conversations on their replicas."""
_BLOCKS = (1, 2)
"""The lengths of the blocks that show how even the balancer is, in turns for each replica."""

_Turn = tuple[float, float, int]
"""When it was done, when it was sent, and the replica's index in `Turns.replicas`."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Replicas that answered none of the later turns."""

    names: tuple[str | None, ...]
    """None: a replica whose name is not known."""
    since: float | None
    """When the last of them answered, run time; None: none ever did."""
    turns: int
    """The turns after it, away from the faults of any of them."""
    reads: int = 0
    """Reads of sessions after it, of which they answered none either."""

    def __str__(self) -> str:
        count = len(self.names)
        names = [name for name in self.names if name is not None]
        if not names:
            names = ["a replica" if count == 1 else f"{count} replicas"]
        who = " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
        after = "" if self.since is None else f" after {self.since:.1f} s,"
        away = "its faults" if count == 1 else "their faults"
        reads = f" and {self.reads} reads" if self.reads else ""
        return f"{who} answered none of {self.turns} turns{reads}{after} away from {away}"


def silent_replicas(history: History, planned: int) -> list[Silent]:
    """The replicas whose silence neither chance nor a fault of theirs explains.

    Each that is silent for so long is named by itself; else the largest number that is together.
    """
    last = _last_answers(history, planned)
    begin = last[0][1] if last else math.inf
    late = _turns(history, begin, math.inf)
    even = _Evenness(history, planned)
    each_alone = (_silence(history, late, [name], at) for name, at in last)
    alone = [each for silent in each_alone if (each := even.unexplained(silent)) is not None]
    together = [
        _silence(history, late, [name for name, _ in last[:count]], last[count - 1][1])
        for count in range(2, min(len(last), planned - 1) + 1)
    ]
    for group in reversed(together):
        if len(group.names) <= len(alone):
            break
        if (silent := even.unexplained(group)) is not None:
            return [silent]
    return alone


def chosen_anew(history: History, until: float = math.inf) -> float:
    """The share of the turns whose replica was chosen anew, by the turns done until that time.

    1, unless surely fewer turns moved to another replica than chance moves.
    """
    turns = history.turns
    answered = Counter[int]()
    later = moved = before = 0
    talk = -1
    done_in_talks = turns.in_talks(turns.done)
    columns = map(turns.in_talks, (turns.conversation, turns.replica))
    for done, owner, who in zip(done_in_talks, *columns, strict=True):
        if not who or done > until:
            continue
        answered[who] += 1
        if owner == talk:
            later += 1
            moved += who != before
        talk, before = owner, who
    total = answered.total()
    by_chance = 1 - sum((count / total) ** 2 for count in answered.values()) if total else 0.0
    if not later or not by_chance:
        return 1.0
    _, at_most = share_interval(moved, later, _SURE)
    again = moved / later / by_chance if at_most < by_chance else 1.0
    return 1 - later / total * (1 - again)


def _turns(history: History, since: float, until: float) -> list[_Turn]:
    """The answered turns that were done after `since`, and not after `until`, in their order."""
    turns = history.turns
    times = zip(turns.done, turns.sent, turns.replica, strict=True)
    return sorted([turn for turn in times if since < turn[0] <= until and turn[2]])


def _last_answers(history: History, planned: int) -> list[tuple[str | None, float]]:
    """Each replica with the time of its last answer, -inf without one, the longest silent first."""
    seen, named, turns = history.once(replicas_seen), planned_names(history), history.turns
    if not seen <= set(named):
        return [(None, -math.inf)] * max(0, planned - len(seen))
    last = [-math.inf] * len(turns.replicas)
    for done, who in zip(turns.done, turns.replica, strict=True):
        if done > last[who]:
            last[who] = done
    known = dict(zip(turns.replicas, last, strict=True))
    answers: list[tuple[str | None, float]] = [(name, known.get(name, -math.inf)) for name in named]
    return sorted(answers, key=lambda answer: answer[1])


def _silence(
    history: History, late: Sequence[_Turn], names: Sequence[str | None], at: float
) -> Silent:
    spans = _spans(history, names)
    count = 0
    for done, sent, _ in reversed(late):
        if done <= at:
            break
        count += sent > at and not is_within(spans, sent, done)
    return Silent(tuple(names), at if at > -math.inf else None, count)


def _spans(history: History, names: Sequence[str | None]) -> list[Span]:
    spans_of = history.once(own_faults)
    return [span for name in dict.fromkeys(names) for span in spans_of(name)]


def _reads_of_others(history: History, silent: Silent, planned: int) -> int:
    """The reads after the last answer that others answered; 0 if one of these replicas did, or if
    they answered few before."""
    since, spans = silent.since or 0.0, _spans(history, silent.names)
    before, theirs, after = 0, 0, 0
    audits = history.audits
    for at, done, who in zip(audits.at, audits.done, audits.replica, strict=True):
        if who == 0 or is_within(spans, at, done):
            continue
        is_theirs = audits.replicas[who] in silent.names
        if at > since:
            if is_theirs:
                return 0
            after += 1
        else:
            before += 1
            theirs += is_theirs
    usual = before * len(silent.names) / planned
    return after if before >= planned and theirs >= usual / 2 else 0


class _Evenness:
    """How evenly the balancer spreads the turns over the replicas."""

    def __init__(self, history: History, planned: int) -> None:
        self._history, self._planned = history, planned

    def unexplained(self, silent: Silent) -> Silent | None:
        """The silence with its evidence; None: chance explains it."""
        if self._rules_out(silent):
            return silent
        if silent.since is None or self._by_chance(silent) > _SUSPICIOUS:
            return None
        reads = _reads_of_others(self._history, silent, self._planned)
        more = replace(silent, reads=reads)
        return more if reads and self._rules_out(more) else None

    def _by_chance(self, silent: Silent) -> float:
        """The most that it can be with a random balancer."""
        planned, count = self._planned, len(silent.names)
        ways = math.comb(planned, count)
        return float(ways * (1 - count / planned) ** (silent.turns + silent.reads))

    def _rules_out(self, silent: Silent) -> bool:
        planned, count, turns = self._planned, len(silent.names), silent.turns + silent.reads
        answered = silent.since is not None
        if count > 1 and not answered and turns < _FEWEST_TURNS * planned:
            return False
        limit = (FELL_SILENT_BY_CHANCE if answered else SILENT_BY_CHANCE) / count**2
        limit = max(_LEAST_BY_CHANCE, limit)
        ways = math.comb(planned, count)
        if self._by_chance(silent) <= limit:
            # Only now, because it takes a look at every turn.
            until = math.inf if silent.since is None else silent.since
            fresh = turns * chosen_anew(self._history, until)
            return float(ways * (1 - self._share(silent)) ** fresh) <= limit
        if silent.since is None or turns < planned * max(_BLOCKS):
            return False
        if float(ways * self._left_out(silent.since) ** (count * turns)) > limit:
            return False
        return self._share(silent) == count / planned

    def _share(self, silent: Silent) -> float:
        """The share of the turns that these replicas should answer: an even one, unless they surely
        answered less before."""
        even = len(silent.names) / self._planned
        if silent.since is None:
            return even
        spans, names = _spans(self._history, silent.names), self._history.turns.replicas
        before = [
            names[who] in silent.names
            for done, sent, who in _turns(self._history, -math.inf, silent.since)
            if not is_within(spans, sent, done)
        ]
        if not before:
            return even
        theirs = sum(before)
        _, at_most = share_interval(theirs, len(before), _SURE)
        return even if at_most >= even else theirs / len(before)

    def _left_out(self, until: float) -> float:
        """The most that the probability may be with which a turn leaves a given replica out, by the
        turns before that time; that of a random balancer, where they do not tell."""
        planned = self._planned
        away = self._history.once(own_faults)(None)
        who = [
            who
            for done, sent, who in _turns(self._history, -math.inf, until)
            if not is_within(away, sent, done)
        ]
        worst = 0.0
        for length in (planned * times for times in _BLOCKS):
            blocks = [who[at : at + length] for at in range(0, len(who) - length + 1, length)]
            if not blocks:
                return 1 - 1 / planned
            silent = sum(max(0, planned - len(set(block))) for block in blocks)
            _, at_most = share_interval(silent, planned * len(blocks))
            worst = max(worst, at_most ** (1 / length))
        return min(1 - 1 / planned, worst)
