"""The messages that each agent leaves out by design, learned while no fault was near.

Some agents never show their model the whole conversation: `include_contents="none"`, compaction,
a plugin that rewrites.  Such an agent leaves out, without any fault, a message that the same
replica had shown in the turn before.  A replica with an old copy of the session leaves out messages
too, but only those that another replica took in, and only where it has a copy.  So what one replica
leaves out is by design, and what depends on the replica is not.

An agent is convicted only where it is known to show everything in calm: with as many earlier
messages as it has shown whole, before the first fault.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from reports.measures.continuity.joined_calls import SEVERAL, Joined, join
from reports.records.history import History

_REGULAR = 0.5
"""An agent that leaves messages out by design does so in this share of its calls after as many
messages, at least."""
_FEWEST = 3
"""Fewer calls show no regularity."""
_BY_CHANCE = 0.01
"""The largest chance at which it is still said that omissions depend on the replica."""


class _Where(Enum):
    """Where a turn went, seen from the turn before."""

    SAME = "to the same replica"
    BACK = "to another one, which had answered an earlier turn of the conversation"
    NEW = "to one that had answered none of them"


class Habit(Enum):
    """How much of the history an agent shows its model in calm."""

    WHOLE = "it shows everything"
    BY_DESIGN = "it leaves messages out by design"
    OTHER_REPLICA = "it leaves out only what another replica took in"
    UNCLEAR = "it leaves messages out in calm, but not regularly"
    UNSEEN = "it was not seen in calm"


@dataclass(slots=True)
class _Pairs:
    """Successive turns of a conversation, by the number of messages before: how many of them, and
    how many after which a message was left out."""

    all: Counter[int] = field(default_factory=Counter)
    left_out: Counter[int] = field(default_factory=Counter)

    def add(self, depth: int, left_out: bool) -> None:
        self.all[depth] += 1
        self.left_out[depth] += left_out

    def since(self, depth: int) -> tuple[int, int]:
        """The number of pairs after this many messages, and of those with one left out."""
        deep = [each for each in self.all if each >= depth]
        return sum(self.all[each] for each in deep), sum(self.left_out[each] for each in deep)


def _by_where() -> dict[_Where, _Pairs]:
    return {where: _Pairs() for where in _Where}


@dataclass
class Agent:
    """The calls of one agent."""

    depth: int = -1
    """The most earlier messages that a call in calm showed whole; -1: none did."""
    calm: dict[_Where, _Pairs] = field(default_factory=_by_where)
    """Pairs before the first fault."""
    free: dict[_Where, _Pairs] = field(default_factory=_by_where)
    """Pairs during which there was no fault, those in calm included."""
    unclear: int = 0
    """Calls in calm that show too little, of one of several turns."""

    @cached_property
    def habit(self) -> Habit:
        """How much it shows in calm; complete when all calls have been read."""
        out = [pairs.left_out.total() for pairs in self.calm.values()]
        if any(out):
            # With many replicas, few successive turns go to the same one.
            for pairs in (self.calm, self.free):
                if pairs[_Where.SAME].left_out.total():
                    return Habit.BY_DESIGN if _is_regular(pairs) else Habit.UNCLEAR
            return Habit.OTHER_REPLICA if self._depends_on_the_replica() else Habit.UNCLEAR
        if self.unclear:
            return Habit.UNCLEAR
        return Habit.UNSEEN if self.depth < 0 else Habit.WHOLE

    def may_convict(self, depth: int) -> bool:
        """Whether a call that shows too little, after this many messages, is a violation."""
        habit = self.habit
        if habit is Habit.WHOLE:
            return depth <= self.depth
        return habit is Habit.OTHER_REPLICA

    def _depends_on_the_replica(self) -> bool:
        """Whether only some ways of a turn leave messages out, and chance does not explain it."""
        depth = min(d for each in self.calm.values() for d, n in each.left_out.items() if n)
        pairs = [each.since(depth) for each in self.free.values()]
        faulty, left_out = (sum(each) for each in zip(*(p for p in pairs if p[1]), strict=True))
        sound = sum(number for number, out in pairs if not out)
        chance: float = (1 - left_out / faulty) ** sound
        return chance <= _BY_CHANCE


def _is_regular(pairs: Mapping[_Where, _Pairs]) -> bool:
    """Whether messages are left out as regularly as by design, wherever the turn went."""
    number: Counter[int] = sum((each.all for each in pairs.values()), Counter())
    left_out: Counter[int] = sum((each.left_out for each in pairs.values()), Counter())
    return any(
        number[depth] >= _FEWEST and n >= _REGULAR * number[depth] for depth, n in left_out.items()
    )


@dataclass(slots=True)
class Learned:
    """The habits of all agents, and the turns that ask no model."""

    agents: dict[str, Agent]
    calm_turns: int = 0
    """Acknowledged turns of the rehearsal, or else of the load before the first fault."""
    calm_silent: int = 0
    """Of these, the ones whose message no call shows."""
    calm_calls: int = 0
    """Calls before the first fault that show any text."""

    def by_design(self, agent: str) -> bool:
        """Whether the agent leaves messages out by design."""
        return self.agents[agent].habit is Habit.BY_DESIGN

    def unjudged(self) -> list[str]:
        """The agents that leave messages out by design."""
        return sorted(name for name in self.agents if self.by_design(name))


def calm_until(history: History) -> float:
    """The beginning of the first fault; infinity without any."""
    return min((fault.start for fault in history.faults), default=math.inf)


def learn(history: History) -> Learned:
    """Learn from the rehearsal, and from the load before the first fault."""
    joined = history.once(join)
    learned = Learned({name: Agent() for name in joined.calls.agents})
    _Lesson(history, joined, learned).learn()
    return learned


class _Lesson:
    """Reads the joined calls once."""

    def __init__(self, history: History, joined: Joined, learned: Learned) -> None:
        self._joined, self._learned = joined, learned
        self._calm_until = calm_until(history)
        self._faults = [
            (fault.start, max(fault.end, fault.recovered_at or 0.0)) for fault in history.faults
        ]
        self._agents = [learned.agents[name] for name in joined.calls.agents]

    def learn(self) -> None:
        joined, calls, rows = self._joined, self._joined.calls, self._joined.rows
        unclear = self._unclear()
        for call, t in enumerate(calls.t):
            if t < self._calm_until:
                self._agents[calls.agent[call]].unclear += call in unclear
                self._learned.calm_calls += len(calls.shown(call)) > 0
        turns = self._calm_rows()
        self._learned.calm_turns = len(turns)
        self._learned.calm_silent = sum(row not in joined.of for row in turns)
        visited: set[int] = set()
        for row in range(len(rows)):
            if rows.first[row] == row:
                visited = set()
            mine = joined.of.get(row, [])
            if mine and rows.ok[row]:
                self._whole(row, mine)
                if own := joined.own(row):
                    self._pair(row, own, visited)
            visited.update([calls.caller[call] for call in mine])

    def _calm_rows(self) -> list[int]:
        """The turns that show whether the agent answers without its model.

        In a load without faults they could not be told from those of a gap in the log.
        """
        rows = self._joined.rows
        if rehearsed := [row for row in range(rows.loaded, len(rows)) if rows.ok[row]]:
            return rehearsed
        if not self._faults:
            return []
        return [r for r in range(rows.loaded) if rows.ok[r] and rows.until[r] < self._calm_until]

    def _unclear(self) -> set[int]:
        """The calls that show too little, of one of several turns, whose sessions all lived on."""
        joined, rows = self._joined, self._joined.rows
        wrong = {
            call
            for call, owner in enumerate(joined.owner)
            if owner == SEVERAL and not joined.right[call]
        }
        if wrong:
            for row, mine in joined.of.items():
                if rows.anew[row]:
                    wrong.difference_update(mine)
        return wrong

    def _whole(self, row: int, mine: Sequence[int]) -> None:
        joined, calls = self._joined, self._joined.calls
        depth = row - joined.rows.first[row]
        for call in mine:
            agent = self._agents[calls.agent[call]]
            if joined.right[call] and calls.t[call] < self._calm_until and depth > agent.depth:
                agent.depth = depth

    def _pair(self, row: int, mine: Sequence[int], visited: Set[int]) -> None:
        """Compare the calls of a turn with those of the turn before.

        `visited`: the callers of all turns before.
        """
        joined, calls, rows = self._joined, self._joined.calls, self._joined.rows
        depth, before = row - rows.first[row], row - 1
        if depth == 0 or rows.anew[row] or not rows.ok[before]:
            return
        earlier = joined.own(before)
        at = calls.t[mine[-1]]
        calm = at < self._calm_until
        free = calm or not any(
            start <= at and end >= rows.sent[before] for start, end in self._faults
        )
        if not free or not earlier:
            return
        # A turn is one observation, however many calls it takes.
        found: dict[tuple[int, _Where], bool] = {}
        for call in mine:
            caller = calls.caller[call]
            here = [each for each in earlier if calls.caller[each] == caller]
            if not calls.callers[caller]:
                here = earlier
            where = _Where.SAME if here else _Where.BACK if caller in visited else _Where.NEW
            left_out = not joined.right[call] and self._left_out(row, call, here or earlier)
            key = calls.agent[call], where
            found[key] = found.get(key, False) or left_out
        for (number, where), left_out in found.items():
            self._agents[number].free[where].add(depth, left_out)
            if calm:
                self._agents[number].calm[where].add(depth, left_out)

    def _left_out(self, row: int, call: int, earlier: Sequence[int]) -> bool:
        """Whether a call of a turn lacks a message of its conversation that earlier ones showed."""
        joined, rows = self._joined, self._joined.rows
        texts = set(rows.message[rows.first[row] : row])
        known = {text for each in earlier for text in joined.texts[each]} & texts
        return not known <= set(joined.texts[call])
