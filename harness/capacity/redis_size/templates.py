"""The sessions that are copied: written by the real service, of every length in the profile."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.capacity.redis_size.course import Course, Step
from harness.capacity.redis_size.customer import Customer, plans
from harness.capacity.redis_size.writer import Writer
from loadtests.arrivals.steady_state import Kept
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile

_RUN = "templatesrun"
"""As long as the id of a run, which is part of every key."""
_VARIANTS = ((3, 64), (6, 24), (12, 8))
"""Up to this many turns, this many sessions of each length: most sessions are short, and a long one
takes long to play.  A session with more turns than the last counts as one of that length."""


@dataclass(frozen=True, slots=True)
class Templates:
    """Templates by the number of their turns, one or more of each."""

    by_turns: tuple[tuple[int, ...], ...]

    def copies(self, sessions: Iterable[Kept]) -> Iterator[tuple[int, float]]:
        """The template and the seconds left of each session."""
        for number, (turns, left) in enumerate(sessions):
            alike = self.by_turns[min(turns, len(self.by_turns)) - 1]
            yield alike[number % len(alike)], left


def play(
    customer: Customer,
    writer: Writer,
    profile: Profile,
    book: Book | None,
    course: Course,
) -> Templates:
    """Play conversations and take each one after every turn.  Raises ChaosError."""
    longest, most = _VARIANTS[-1][0], _VARIANTS[0][1]
    chosen = list(itertools.islice(plans(profile, _RUN, book, turns=longest), most))
    by_turns = []
    for turns in range(1, longest + 1):
        count = next(variants for up_to, variants in _VARIANTS if turns <= up_to)
        taken = []
        for plan in chosen[:count]:
            if turns == 1:
                customer.open(plan)
            customer.say(plan, turns - 1)
            taken.append(writer.take(plan.user, plan.session))
        by_turns.append(tuple(taken))
        text = f"sessions of {turns} of {longest} turns written by the service"
        course.at(Step.TEMPLATES, text, share=turns / longest)
    return Templates(tuple(by_turns))
