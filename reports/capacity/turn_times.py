"""The turns of a probe with their waits; a turn open at the end counts with its age.

A turn misses the SLO if it was not answered (refused, failed), or not within the limit.  An open
turn misses it once it is older than the limit; a younger one does not tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan

from reports.measures.percentiles import ascending, percentile
from reports.measures.spans import Span
from reports.records.columns import OK, OUTCOME, WORDLESS
from reports.records.history import History

STOPPED = "the run was stopped"
"""The error of a turn that was open when the generator was stopped."""
REFUSALS = ("HTTP 429", "HTTP 503")
"""The errors of attempts that were refused at once."""


@dataclass(frozen=True, slots=True)
class TurnTime:
    """One turn."""

    due: float
    """Run time."""
    waited: float
    """Seconds from the intended time to the end, or until now if it is open."""
    answered: bool
    open: bool
    refused: bool
    """At least one attempt was refused at once."""
    at_once: bool
    """It was answered at the first attempt."""
    given_up: bool
    """An attempt had no answer in its time."""

    def misses(self, limit: float) -> bool:
        """Whether it surely was not answered within `limit` seconds."""
        if self.open:
            return self.waited > limit
        return not self.answered or self.waited > limit

    def keeps(self, limit: float) -> bool:
        """Whether it was answered within `limit` seconds."""
        return self.answered and self.waited <= limit


def turn_times(history: History) -> list[TurnTime]:
    """Every turn, by its due time."""
    return sorted([*_recorded(history), *_opening(history)], key=lambda turn: turn.due)


def _recorded(history: History) -> Iterator[TurnTime]:
    for state, turn in zip(history.turns.state, history.turns, strict=True):
        ok = state & OUTCOME == OK
        error = turn.error or ""
        is_open = not ok and error.endswith(STOPPED)
        refused = any(words in error for words in REFUSALS)
        yield TurnTime(
            due=turn.due,
            waited=max(0.0, turn.done - turn.due),
            answered=ok and not state & WORDLESS,
            open=is_open,
            refused=refused,
            at_once=ok and turn.attempts == 1 and not error,
            given_up=turn.unsure > 0 or (not ok and not refused),
        )


def _opening(history: History) -> Iterator[TurnTime]:
    """First turns without a record: the run was stopped while their session was being opened."""
    talks, last = history.conversations, history.last_moment
    if not any(isnan(ended) for ended in talks.ended):
        return
    begun = set(history.turns.conversation)
    columns = zip(talks.conversation, talks.started, talks.ended, talks.due, strict=True)
    for index, started, ended, due in columns:
        if isnan(ended) and not isnan(started) and index not in begun:
            yield TurnTime(due, max(0.0, last - due), False, True, False, False, False)


def within(turns: Sequence[TurnTime], spans: Sequence[Span]) -> list[TurnTime]:
    """The turns that were due in these spans."""
    return [turn for turn in turns if any(a <= turn.due < b for a, b in spans)]


@dataclass(frozen=True, slots=True)
class Waits:
    """The waits of some turns against the limit."""

    turns: int
    kept: int
    missed: int
    refused: int
    failed: int
    """Turns without an answer, open ones left out."""
    p50_s: float | None
    p99_s: float | None
    """None without any turn that was answered or is open."""
    mean_s: float | None
    at_once_s: float | None
    """The median of those that were answered at the first attempt."""

    @property
    def missed_share(self) -> float:
        """The share of the turns that surely missed the SLO."""
        return self.missed / self.turns if self.turns else 0.0


def waits(turns: Sequence[TurnTime], limit: float) -> Waits:
    """The waits of these turns; failed turns have no latency."""
    at_once = ascending(turn.waited for turn in turns if turn.at_once)
    ordered = ascending(turn.waited for turn in turns if turn.answered or turn.open)
    return Waits(
        turns=len(turns),
        kept=sum(turn.keeps(limit) for turn in turns),
        missed=sum(turn.misses(limit) for turn in turns),
        refused=sum(turn.refused for turn in turns),
        failed=sum(not turn.answered and not turn.open for turn in turns),
        p50_s=percentile(ordered, 50) if ordered else None,
        p99_s=percentile(ordered, 99) if ordered else None,
        mean_s=sum(ordered) / len(ordered) if ordered else None,
        at_once_s=percentile(at_once, 50) if at_once else None,
    )
