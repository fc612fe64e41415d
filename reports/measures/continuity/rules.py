"""Rules for every conversation of a run, computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports.measures.continuity.durability import Excuse, declared_losses, excuses
from reports.measures.continuity.forgotten import late_until, writing_until
from reports.records.history import History


@dataclass(frozen=True, slots=True)
class Rules:
    """The results of `durability` and `forgotten` for one run."""

    may_lose: bool
    """Whether acknowledged writes of any moment may be missing."""
    excuses: Callable[[float, float, float], Excuse | None]
    late_until: Callable[[float, float], float]
    writing_until: Callable[[float, float], float]


def rules(history: History) -> Rules:
    """The rules of a run."""
    return Rules(
        may_lose=bool(history.once(declared_losses)),
        excuses=history.once(excuses),
        late_until=history.once(late_until),
        writing_until=history.once(writing_until),
    )
