"""The load to plan for as numbers: a constant rate, or the night of a profile in real time.

A profile's arrivals are spread over its compressed load; a plan is for the night itself.  So the
profile is taken without compression: the same rates of arrivals, customers who think for as long as
people do, and the real TTL.  Its turns follow from the curve of arrivals and from a sample of
conversations laid out in time (`loadtests.arrivals.forecast`), as an expected value for every 5 s.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import ConfigError
from loadtests.arrivals import arrivals, forecast, steady_state
from loadtests.arrivals.forecast import TURN_S, Talk
from loadtests.arrivals.seeds import derive
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from loadtests.profiles.rate_curve import Curve
from reports.capacity.target import Moment, Opening, Target
from reports.figures.derive import assumed
from reports.figures.figure import Figure, Label

STEP_S = 5.0
"""The rate is averaged over this time, because queues of a few seconds spread the turns."""
_MINUTE_S = 60.0
"""The steps of live sessions, which change slowly."""
SEEDS = 200
_TOP = 200
"""The steps of the night that may hold a seed's peak."""
_RISEN = 0.9
"""A rise has ended when it has reached this share of its height."""
MOST_CONVERSATIONS = 1e10


def rate_target(turns_per_s: float, profile: Profile, book: Book | None = None) -> Target:
    """A constant rate of turns, with the conversations and the real TTL of a profile."""
    steady = steady_state.of(profile, book)
    each = steady.turns_per_conversation
    live = steady.live(turns_per_s / each)
    return Target(
        name=f"{turns_per_s:,.6g} turns/s",
        turns_per_s=assumed(turns_per_s, "turns/s", "given"),
        turns_per_conversation=each,
        live_sessions=assumed(live, "sessions", f"at this rate all the time, by {profile.name}"),
        turns_per_session=steady.turns_per_session,
        ttl_s=steady.ttl_s,
    )


def night_target(
    profile: Profile, conversations: float | None = None, book: Book | None = None
) -> Target:
    """The night of a profile, with this many conversations in all; None: as many as it plans.

    The rate to carry is the 95th percentile of the peak over 200 seeds: their days (the profile's
    `day_cv`) and the randomness of arrivals.  Raises ConfigError for a number that is not above 0.
    """
    profile = profile.in_real_time()
    if conversations is not None:
        if not 0 < conversations <= MOST_CONVERSATIONS:
            raise ConfigError(
                f"--conversations {conversations:,.10g}: must be above 0, at most "
                f"{MOST_CONVERSATIONS:,.0f}"
            )
        profile = profile.scaled(conversations / profile.curve().total)
    curve = profile.curve()
    night = _Night.of(profile, curve, list(forecast.sample_talks(profile, book)))
    peaks = sorted(_peak(profile, night.turns, seed) for seed in range(SEEDS))
    sessions = max(night.live)
    total = assumed(curve.total, "conversations", "planned by the profile")
    return Target(
        name=f"{profile.name}, {curve.total:,.0f} conversations",
        turns_per_s=Figure(
            value=_percentile(peaks, 0.95),
            unit="turns/s",
            label=Label.ASSUMED,
            low=_percentile(peaks, 0.05),
            high=_percentile(peaks, 0.95),
            why=f"the peak over {STEP_S:g} s of {SEEDS} seeds, 95th percentile",
        ),
        turns_per_conversation=night.turns_each,
        live_sessions=assumed(sessions, "sessions", "the most at once, planned by the profile"),
        turns_per_session=night.held[night.live.index(sessions)] / sessions,
        ttl_s=profile.real_ttl_seconds,
        conversations=total,
        hours=curve.seconds / 3600,
        night=tuple(
            Moment(
                hour=place * STEP_S / 3600,
                turns_per_s=rate,
                live_sessions=night.live[int(place * STEP_S / _MINUTE_S)],
            )
            for place, rate in enumerate(night.turns)
        ),
        opening=_steepest(night.turns),
    )


@dataclass(frozen=True, slots=True)
class _Night:
    """The expected night, while customers arrive."""

    turns: list[float]
    """Turns a second, for every `STEP_S`."""
    live: list[float]
    """Live sessions, for every minute."""
    held: list[float]
    """Stored turns of the live sessions, for every minute."""
    turns_each: float
    """Turns of a conversation."""

    @classmethod
    def of(cls, profile: Profile, curve: Curve, talks: Sequence[Talk]) -> _Night:
        sent: dict[int, float] = defaultdict(float)
        alive: dict[int, float] = defaultdict(float)
        stored: dict[int, float] = defaultdict(float)
        for talk in talks:
            for moment in talk.turns:
                sent[int((moment - TURN_S) / STEP_S + 0.5)] += 1
            for begin, end, kept in talk.writes(profile.real_ttl_seconds):
                for minute in range(int(begin / _MINUTE_S), math.ceil(end / _MINUTE_S)):
                    # A minute may hold the end of one interval and the begin of the next.
                    since, until = minute * _MINUTE_S, (minute + 1) * _MINUTE_S
                    share = (min(end, until) - max(begin, since)) / _MINUTE_S
                    alive[minute] += share
                    stored[minute] += share * kept
        count = len(talks)
        fine, coarse = _arriving(curve, STEP_S), _arriving(curve, _MINUTE_S)
        return cls(
            turns=[each / STEP_S / count for each in _following(fine, sent)],
            live=[each / count for each in _following(coarse, alive)],
            held=[each / count for each in _following(coarse, stored)],
            turns_each=sum(sent.values()) / count,
        )


def _arriving(curve: Curve, step: float) -> list[float]:
    """Expected conversations that begin in each step."""
    steps = math.ceil(curve.seconds / step)
    counts = [curve.count(place * step) for place in range(steps + 1)]
    return [later - earlier for earlier, later in itertools.pairwise(counts)]


def _following(arriving: Sequence[float], later: Mapping[int, float]) -> list[float]:
    """What arrivals lead to `later` steps after them, summed for each step."""
    found = [0.0] * len(arriving)
    for delay, weight in later.items():
        for place in range(delay, len(found)):
            found[place] += weight * arriving[place - delay]
    return found


def _peak(profile: Profile, turns: Sequence[float], seed: int) -> float:
    """The peak of one seed's night, turns a second.

    The number of turns in a step is Poisson, here by its normal approximation: a conversation's own
    turns are mostly further apart than a step.
    """
    day = arrivals.day_factor(profile, seed)
    rng = random.Random(derive(seed, "peak"))
    highest = sorted(turns, reverse=True)[:_TOP]
    return max(
        rate * day + rng.gauss(0.0, 1.0) * math.sqrt(rate * day / STEP_S) for rate in highest
    )


def _percentile(ascending: Sequence[float], share: float) -> float:
    return ascending[max(0, math.ceil(len(ascending) * share) - 1)]


def _steepest(turns: Sequence[float]) -> Opening | None:
    """The longest rise without a fall in between that has the steepest step; None: none rises."""
    steps = [later - earlier for earlier, later in itertools.pairwise(turns)]
    if not steps or max(steps) <= 0:
        return None
    at = steps.index(max(steps))
    begin, end = at, at + 1
    # The slow rise before it is no part of it.
    while begin > 0 and steps[begin - 1] > max(steps) / 10:
        begin -= 1
    while end < len(steps) and steps[end] > 0:
        end += 1
    low, high = turns[begin], turns[end]
    risen = low + _RISEN * (high - low)
    reached = next(place for place in range(begin, end + 1) if turns[place] >= risen)
    return Opening(
        at_hour=begin * STEP_S / 3600,
        before_turns_per_s=low,
        top_turns_per_s=high,
        seconds=max(reached - begin, 1) * STEP_S,
    )
