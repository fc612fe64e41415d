"""What a profile will do to the service: worked out before anything runs.

A few hundred conversations are planned and their lives averaged: when each takes its turns, how
many bytes Redis holds for it at which age, when it expires.  The arrivals, laid over that average
life, give every curve (a convolution).  For a steady rate it comes to the textbook's sum:

    memory = rate × (Σ bytes after turn k × time until the next write + bytes after the last × TTL)
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loadtests import arrivals, conversation
from loadtests.conversation import ConversationPlan, Ending
from loadtests.journeys import Book
from loadtests.profile import Profile
from loadtests.seeds import derive
from reports.records import Arrival

SESSION_BYTES = 850.0
"""What the reference service keeps for a session besides its turns (`make bench-memory`)."""
TURN_BYTES = 1_130.0
"""What the reference service keeps for a turn, on average over the journeys of `diwali`."""
BASE_BYTES = 1_350_000.0
"""What a Redis without sessions takes, the service's scripts and connections included."""
DEAD_SHARE = 0.1
"""Of the keys that Redis counts, expired but not yet reclaimed: it aims at that many."""
TURN_S = 0.2
"""Seconds the service is assumed to take for a turn."""

_STEPS = 600
_SAMPLE = 2000
_RUN = "forecast"


@dataclass(frozen=True, slots=True)
class Forecast:
    """Curves over equal steps from the start of the load until the last TTL has drained.

    Averages over what chance may do; with a seed, the arrivals are those of that seed.
    """

    step_s: float
    day_factor: float
    """How busy the day of the seed is, in multiples of the profile's curve."""
    arrivals: tuple[float, ...]
    """New conversations a second."""
    turns: tuple[float, ...]
    """Turns a second."""
    open: tuple[float, ...]
    """Conversations under way."""
    live: tuple[float, ...]
    """Sessions within their TTL."""
    memory: tuple[float, ...]
    """Bytes in Redis, expired sessions that still count and the empty server included."""

    @property
    def seconds(self) -> float:
        """How long all of it takes, real seconds."""
        return self.step_s * len(self.arrivals)

    @property
    def conversations(self) -> float:
        """How many there will be."""
        return sum(self.arrivals) * self.step_s

    @property
    def all_turns(self) -> float:
        """How many turns there will be."""
        return sum(self.turns) * self.step_s


def forecast(profile: Profile, seed: int | None = None, book: Book | None = None) -> Forecast:
    """The forecast of a run: of an average one, or with the arrivals of `seed`.

    `book` holds the journeys, ShopMax's when None.
    """
    plans = list(_sample(profile, book))
    longest = max(_age_at_end(plan) for plan in plans)
    step = (profile.load_seconds + longest + profile.real_ttl_seconds) / (_STEPS - 1)
    life = _average_life(plans, profile.real_ttl_seconds, step)
    coming = _coming(profile, seed, step)
    live, expired = _laid_over(coming, life.live), _laid_over(coming, life.expired)
    held = _laid_over(coming, life.held)
    memory = [
        BASE_BYTES + size * (1 + min(DEAD_SHARE, gone / alive if alive > 0.5 else 0.0))
        for size, alive, gone in zip(held, live, expired, strict=True)
    ]
    return Forecast(
        step_s=step,
        day_factor=1.0 if seed is None else arrivals.day_factor(profile, seed),
        arrivals=tuple(each / step for each in coming),
        turns=tuple(each / step for each in _laid_over(coming, life.turns)),
        open=tuple(_laid_over(coming, life.open)),
        live=tuple(live),
        memory=tuple(memory),
    )


def _sample(profile: Profile, book: Book | None) -> Iterator[ConversationPlan]:
    """Conversations of this profile, always the same ones, journeys in their shares."""
    ends = list(itertools.accumulate(profile.journeys.values()))
    names = list(profile.journeys)
    for index in range(_SAMPLE):
        name = names[bisect.bisect(ends, (index + 0.5) / _SAMPLE * ends[-1])]
        arrival = Arrival(index, 0.0, name, derive("forecast", index))
        yield conversation.plan(profile, arrival, _RUN, book)


def _turn_ages(plan: ConversationPlan) -> list[float]:
    """How old the conversation is when each of its turns has been answered, seconds."""
    age = TURN_S
    ages = [age]
    for pause in plan.think_seconds:
        age += pause + TURN_S
        ages.append(age)
    return ages


def _age_at_end(plan: ConversationPlan) -> float:
    return _turn_ages(plan)[-1]


class _Life:
    """Averages over conversations, by age in steps."""

    def __init__(self, steps: int) -> None:
        self.turns = [0.0] * steps
        """Turns taken in the step."""
        self.open = [0.0] * steps
        self.live = [0.0] * steps
        self.held = [0.0] * steps
        """Bytes in Redis."""
        self.expired = [0.0] * steps
        """Sessions whose TTL ran out up to the step."""


def _average_life(plans: list[ConversationPlan], ttl: float, step: float) -> _Life:
    life = _Life(_STEPS + 2)
    for plan in plans:
        ages = _turn_ages(plan)
        _from(life.open, 0.0, ages[-1], 1.0, step)
        kept = 0
        for place, age in enumerate(ages):
            life.turns[int(age / step)] += 1
            kept += 1
            last = place == len(ages) - 1
            if last and plan.ending is Ending.DELETED:
                break
            end = age + ttl if last else min(age + ttl, ages[place + 1])
            _from(life.live, age, end, 1.0, step)
            _from(life.held, age, end, SESSION_BYTES + kept * TURN_BYTES, step)
            if end == age + ttl:
                # Whoever comes back after that begins a new session.
                kept = 0
                _from(life.expired, end, math.inf, 1.0, step)
    for curve in (life.open, life.live, life.held, life.expired):
        total = 0.0
        for index, change in enumerate(curve):
            total += change
            curve[index] = total / len(plans)
    life.turns = [each / len(plans) for each in life.turns]
    return life


def _from(changes: list[float], begin: float, end: float, value: float, step: float) -> None:
    """Add `value` over [begin, end) to a curve kept as its changes; steps may hold parts of it."""
    for age, change in ((begin, value), (end, -value)):
        if math.isfinite(age):
            index, part = int(age / step), age / step % 1
            changes[index] += change * (1 - part)
            changes[index + 1] += change * part


def _coming(profile: Profile, seed: int | None, step: float) -> list[float]:
    """Conversations that begin in each step."""
    if seed is None:
        curve = profile.curve()
        counts = [curve.count(index * step) for index in range(_STEPS + 1)]
        return [later - earlier for earlier, later in itertools.pairwise(counts)]
    coming = [0.0] * _STEPS
    for arrival in arrivals.stream(profile, seed):
        coming[int(arrival.due / step)] += 1
    return coming


def _laid_over(coming: list[float], life: Iterable[float]) -> list[float]:
    """The sum over all conversations of what each has at its age."""
    result = [0.0] * len(coming)
    ages = list(life)[: len(coming)]
    for begin, count in enumerate(coming):
        if count:
            for place, each in enumerate(ages[: len(coming) - begin], start=begin):
                result[place] += count * each
    return result
