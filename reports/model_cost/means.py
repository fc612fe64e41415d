"""Means of the answered calls over turns and conversations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from reports.figures.figure import Figure, Label, unknown
from reports.figures.least_squares import ratio
from reports.model_cost.placed import Kind, Placed
from reports.records.history import History

COUNTED = "counted by the stand-in, 4 bytes of text a token"
_NO_CALLS = "no call of the load was answered"
_NOT_PLACED = "the model was shown other messages than the customers sent"

Value = Callable[[Placed], float]
"""A number of a call."""


def one(_: Placed) -> float:
    """Counts the calls."""
    return 1.0


def read(placed: Placed) -> float:
    """The tokens that a call reads."""
    return placed.call.prompt_tokens


def written(placed: Placed) -> float:
    """The tokens that a call writes."""
    return placed.call.output_tokens


@dataclass(frozen=True, slots=True)
class _Conversation:
    """The calls of one conversation that were answered for the first time."""

    turns: int
    calls: Sequence[Placed]


@dataclass(frozen=True, slots=True)
class Means:
    """Means over turns and conversations.

    Conversations are independent of each other, their turns are not: so the intervals are those of
    conversations.  Where calls belong to no turn, all calls are divided by all turns, without an
    interval.
    """

    talks: Sequence[_Conversation]
    """One for each conversation; a single one for all calls if some belong to no turn."""
    whole: bool
    """Whether every call belongs to a turn."""
    conversations: int

    @classmethod
    def of(cls, history: History, calls: Iterable[Placed]) -> Means:
        """The means of the calls of a load."""
        groups: defaultdict[int | None, list[Placed]] = defaultdict(list)
        for each in calls:
            if each.kind is Kind.ANSWERED:
                groups[None if each.place is None else each.place.conversation].append(each)
        if None not in groups:
            talks = [
                _Conversation(len({each.place for each in members}), members)
                for members in groups.values()
            ]
            return cls(talks, True, len(talks))
        everything = [each for members in groups.values() for each in members]
        count = len(set(history.turns.conversation))
        return cls([_Conversation(len(history.turns), everything)], False, count)

    def of_turn(self, value: Value, unit: str, why: str) -> Figure:
        """The mean of a turn."""
        return self._mean(value, [float(talk.turns) for talk in self.talks], unit, why)

    def of_conversation(self, value: Value, unit: str) -> Figure:
        """The mean of a conversation."""
        each = 1.0 if self.whole else float(self.conversations)
        return self._mean(value, [each for _ in self.talks], unit, "the mean of the conversations")

    def _mean(self, value: Value, amounts: Sequence[float], unit: str, why: str) -> Figure:
        if sum(amounts) <= 0:
            return unknown(unit, _NO_CALLS)
        values = [sum(map(value, talk.calls)) for talk in self.talks]
        mean = sum(values) / sum(amounts)
        if not self.whole:
            return Figure(value=mean, unit=unit, label=Label.MEASURED, why=f"{why}; {_NOT_PLACED}")
        found = ratio(values, amounts)
        half = None if found is None else found.half
        return Figure(
            value=mean,
            unit=unit,
            label=Label.MEASURED,
            low=None if half is None else max(0.0, mean - half),
            high=None if half is None else mean + half,
            why=why,
        )
