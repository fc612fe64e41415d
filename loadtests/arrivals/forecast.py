"""The forecast of a profile's load and Redis memory, computed before the run.

Each conversation is laid out in time: its turns, its bytes in Redis at each age, and its expiry.
With a seed these are that seed's conversations, one by one.  Without a seed, and for very large
loads, the lives of a sample are averaged and convolved with the curve of arrivals.  For a steady
rate the result is the textbook's sum:

    memory = rate × (Σ bytes after turn k × time until the next write + bytes after the last × TTL)

plus the empty server, and sessions that have expired but are not reclaimed yet.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from loadtests.arrivals import arrivals, conversation
from loadtests.arrivals.conversation import ConversationPlan, Ending
from loadtests.arrivals.redis_sizes import RedisSizes, of_server, unreclaimed
from loadtests.arrivals.seeds import derive
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.records import Arrival

TURN_S = 0.2
"""Assumed seconds of service time for a turn."""

_STEPS = 600
_SAMPLE = 2000
_EACH = 100_000
"""Up to this many conversations of a seed are planned one by one, which takes a few seconds."""
_RUN = "forecast"


@dataclass(frozen=True, slots=True)
class Forecast:
    """Curves over equal steps from the start of the load until the last TTL has drained.

    Expected values; with a seed, those of that seed's arrivals and conversations.
    """

    step_s: float
    day_factor: float
    """The busyness of the seed's day, in multiples of the profile's curve."""
    base_bytes: float
    """Bytes of the server without any session."""
    arrivals: tuple[float, ...]
    """New conversations a second."""
    turns: tuple[float, ...]
    """Turns a second."""
    open: tuple[float, ...]
    """Conversations under way."""
    live: tuple[float, ...]
    """Sessions within their TTL."""
    memory: tuple[float, ...]
    """Bytes in Redis, including the empty server and expired sessions not reclaimed yet."""

    @property
    def seconds(self) -> float:
        """The length of the curves, real seconds."""
        return self.step_s * len(self.arrivals)

    @property
    def conversations(self) -> float:
        """The number of conversations."""
        return sum(self.arrivals) * self.step_s

    @property
    def all_turns(self) -> float:
        """The number of turns."""
        return sum(self.turns) * self.step_s


def forecast(
    profile: Profile,
    seed: int | None = None,
    book: Book | None = None,
    *,
    server: str = "redis",
) -> Forecast:
    """The forecast of a run: of an average one, or of the conversations of `seed`.

    `book` holds the journeys, ShopMax's when None; `server` is the name of the Redis server.
    """
    sizes = of_server(server)
    each = seed is not None and profile.expected_conversations <= _EACH
    talks = list(_drawn(profile, seed, book) if each and seed is not None else ())
    sample = [] if each else list(sample_talks(profile, book))
    fixed = [] if each else list(_sliding(profile, book))
    ends = [talk.end for talk in (*talks, *fixed)]
    ends += [profile.load_seconds + talk.end for talk in sample]
    last = max(ends, default=profile.load_seconds)
    step = (max(last, profile.load_seconds) + profile.real_ttl_seconds) / (_STEPS - 1)
    curves = _Curves(sizes, profile.real_ttl_seconds, step)
    for talk in (*talks, *fixed):
        curves.add(talk)
    curves.settle()
    if sample:
        life = _Curves(sizes, profile.real_ttl_seconds, step)
        for talk in sample:
            life.add(talk)
        life.settle()
        curves.lay_over(life, _coming(profile, seed, step), 1 / len(sample))
    return Forecast(
        step_s=step,
        day_factor=1.0 if seed is None else arrivals.day_factor(profile, seed),
        base_bytes=sizes.server,
        arrivals=tuple(count / step for count in curves.arrivals[:_STEPS]),
        turns=tuple(count / step for count in curves.turns[:_STEPS]),
        open=tuple(curves.open[:_STEPS]),
        live=tuple(curves.live[:_STEPS]),
        memory=tuple(_memory(curves, sizes)[:_STEPS]),
    )


def _memory(curves: _Curves, sizes: RedisSizes) -> list[float]:
    dead = unreclaimed(curves.live, curves.expiring, curves.step)
    return [
        sizes.server + held * (1 + (gone / live if live > 0.5 else 0.0))
        for held, live, gone in zip(curves.held, curves.live, dead, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation laid out in time, seconds after the start of the load."""

    start: float
    turns: tuple[float, ...]
    """The time of each turn's answer."""
    deleted: bool

    @property
    def end(self) -> float:
        """The time of the last turn's answer."""
        return self.turns[-1]

    def writes(self, ttl: float) -> Iterator[tuple[float, float, int]]:
        """Intervals with their number of stored turns; each ends with the next turn or the expiry.

        After an expiry the next turn begins a new session.
        """
        kept = 0
        for place, moment in enumerate(self.turns):
            kept += 1
            last = place == len(self.turns) - 1
            if last and self.deleted:
                return
            expires = moment + ttl
            end = expires if last else min(expires, self.turns[place + 1])
            yield moment, end, kept
            if end == expires:
                kept = 0


def laid_out(plan: ConversationPlan, start: float) -> Talk:
    """A conversation that begins at `start`, each of its turns taking `TURN_S`."""
    moment = start + TURN_S
    turns = [moment]
    for pause in plan.think_seconds:
        moment += pause + TURN_S
        turns.append(moment)
    return Talk(start, tuple(turns), plan.ending is Ending.DELETED)


def _drawn(profile: Profile, seed: int, book: Book | None) -> Iterator[Talk]:
    """The conversations of a seed."""
    for arrival in arrivals.stream(profile, seed):
        yield laid_out(conversation.plan(profile, arrival, _RUN, book), arrival.due)


def sample_plans(profile: Profile, book: Book | None) -> Iterator[ConversationPlan]:
    """Conversations of a load, always the same ones, journeys in their shares."""
    ends = list(itertools.accumulate(profile.journeys.values()))
    names = list(profile.journeys)
    for index in range(_SAMPLE):
        name = names[bisect.bisect(ends, (index + 0.5) / _SAMPLE * ends[-1])]
        arrival = Arrival(index, 0.0, name, derive("forecast", index))
        yield conversation.plan(profile, arrival, _RUN, book)


def sample_talks(profile: Profile, book: Book | None) -> Iterator[Talk]:
    """The conversations of `sample_plans`, from time 0 on."""
    for plan in sample_plans(profile, book):
        yield laid_out(plan, 0.0)


def _sliding(profile: Profile, book: Book | None) -> Iterator[Talk]:
    """The customers of `loadtests.profiles.sliding_ttl`, who are part of every run."""
    journey = next(iter(profile.journeys))
    for index, due in enumerate(profile.sliding_ttl().dues):
        arrival = Arrival(index, due, journey, derive("forecast", "sliding", index), sliding=True)
        yield laid_out(conversation.plan(profile, arrival, _RUN, book), due)


class _Curves:
    """Sums over conversations, in steps; kept as differences until `settle`."""

    def __init__(self, sizes: RedisSizes, ttl: float, step: float) -> None:
        self._sizes, self._ttl, self.step = sizes, ttl, step
        # One more step than is shown, for ends of intervals that begin in the last step.
        self.arrivals, self.turns = [0.0] * (_STEPS + 2), [0.0] * (_STEPS + 2)
        """For each step."""
        self.expiring = [0.0] * (_STEPS + 2)
        """Sessions whose TTL runs out in the step."""
        self.open, self.live = [0.0] * (_STEPS + 2), [0.0] * (_STEPS + 2)
        self.held = [0.0] * (_STEPS + 2)
        """Bytes of live sessions."""

    def add(self, talk: Talk) -> None:
        step = self.step
        self.arrivals[int(talk.start / step)] += 1
        _from(self.open, talk.start, talk.end, 1.0, step)
        for moment in talk.turns:
            self.turns[int(moment / step)] += 1
        for moment, end, kept in talk.writes(self._ttl):
            _from(self.live, moment, end, 1.0, step)
            _from(self.held, moment, end, self._sizes.session_of(kept), step)
            if end == moment + self._ttl:
                self.expiring[int(end / step)] += 1

    def settle(self) -> None:
        """Turn the differences into the curves."""
        for curve in (self.open, self.live, self.held):
            curve[:] = itertools.accumulate(curve)

    def lay_over(self, life: _Curves, coming: list[float], share: float) -> None:
        """Add `coming` conversations of each step, each with `share` of the settled `life`."""
        for begin, count in enumerate(coming):
            self.arrivals[begin] += count
        for mine, each in (
            (self.turns, life.turns),
            (self.open, life.open),
            (self.live, life.live),
            (self.held, life.held),
            (self.expiring, life.expiring),
        ):
            averaged = [value * share for value in each]
            for begin, count in enumerate(coming):
                if count:
                    for place, value in enumerate(averaged[: len(mine) - begin], start=begin):
                        mine[place] += count * value


def _from(changes: list[float], begin: float, end: float, value: float, step: float) -> None:
    """Add `value` over [begin, end), which may cover steps partly, to a curve of differences."""
    for age, change in ((begin, value), (end, -value)):
        if math.isfinite(age):
            index, part = int(age / step), age / step % 1
            changes[index] += change * (1 - part)
            changes[index + 1] += change * part


def _coming(profile: Profile, seed: int | None, step: float) -> list[float]:
    """Conversations that begin in each step, those of `sliding_ttl` left out."""
    if seed is None:
        curve = profile.curve()
        counts = [curve.count(index * step) for index in range(_STEPS + 1)]
        return [later - earlier for earlier, later in itertools.pairwise(counts)]
    coming = [0.0] * _STEPS
    for arrival in arrivals.stream(profile, seed):
        if not arrival.sliding:
            coming[int(arrival.due / step)] += 1
    return coming
