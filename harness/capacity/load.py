"""The load of a probe: the profile's customers at a constant rate, and a seed that plays it.

A probe keeps what a turn costs and what a customer sees: journeys, languages, lengths of
conversations, the share of streamed replies, deletions, deadlines, retries, the TTL and the limits.
It changes the following.

- The curve: a constant rate of arrivals, after a warm-up at the same rate.  No spikes, no cliffs,
  no busy or quiet day.
- Think times: so short that a mean conversation lasts at most `LONGEST_TALK_S`.  The number of open
  conversations is then steady at the end of the warm-up.  In an open loop the rate of turns and the
  lengths of histories do not depend on think times.
- No customers who return after a pause of about a TTL: their turns would come after the probe.
- No limit on open conversations that an overload would reach: an arrival that is not offered would
  hide the overload.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from operator import sub

from loadtests.arrivals import arrivals, conversation
from loadtests.arrivals.forecast import laid_out
from loadtests.arrivals.seeds import derive
from loadtests.profiles import profile as profiles
from loadtests.profiles.journeys import Book, from_dict
from loadtests.profiles.model import Hold, Phase
from loadtests.profiles.profile import HIGHEST_RATE, LOWEST_RATE, Profile
from reports.measures.phases import WARMUP
from reports.records.run_description import RunDescription

MEASURED = "measured"
"""The phase of a probe in which the rate is measured."""
OVERLOAD = "overload"
AFTER = "after"
"""The phase after an overload, at the rate before it."""
OVERLOAD_TIMES = 1.5

LONGEST_TALK_S = 2.0
"""Seconds of thinking in a mean conversation, at most."""
MOST_OPEN = 20_000
EVEN = 0.01
"""The planned turns of a phase may differ from rate × seconds by this share of the longest one."""
_MOST_SEEDS = 60
_MOST_PLANNED = 120_000
"""Turns planned in the choice of a seed, at most: about 6 s of CPU."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One phase of a probe."""

    name: str
    seconds: float
    times: float = 1.0
    """The rate, as a multiple of the probe's."""


def steady(warmup_s: float, measured_s: float) -> tuple[Stage, ...]:
    """A warm-up, and the measured phase, at one rate."""
    return (Stage(WARMUP, warmup_s), Stage(MEASURED, measured_s))


def profile_at(profile: Profile, rate: float, stages: Sequence[Stage]) -> Profile:
    """The profile's customers at `rate` turns a second, phase by phase."""
    talk = profile.conversation
    thinking = mean_think_s(profile) * max(0.0, talk.expected_turns - 1)
    shorter = min(1.0, LONGEST_TALK_S / thinking) if thinking > 0 else 1.0
    minutes = profile.compression / 60
    return replace(
        profile,
        base_rate=min(HIGHEST_RATE, max(LOWEST_RATE, rate / talk.expected_turns)),
        max_open=MOST_OPEN,
        day_cv=0.0,
        phases=tuple(
            Phase(stage.name, stage.seconds * minutes, Hold(stage.times)) for stage in stages
        ),
        spikes=(),
        cliffs=(),
        conversation=replace(
            talk,
            think_median=max(0.001, talk.think_median * shorter),
            return_within_ttl=0.0,
            return_after_ttl=0.0,
            sliding_ttl_customers=0,
            gaps_at_ttl=(),
        ),
    )


def mean_think_s(profile: Profile) -> float:
    """The mean think time of the profile, real seconds (the mean of a log-normal distribution)."""
    talk = profile.conversation
    return talk.think_median * math.exp(talk.think_sigma**2 / 2) / profile.compression


def even_seed(profile: Profile, book: Book | None, seeds: Iterable[int]) -> int:
    """The first seed whose phases after the warm-up plan the numbers of turns that the rate says.

    Conversations arrive at random and are of random lengths: in 30 s at 30 turns/s the number of
    turns has a standard deviation of 7 %, so that a probe at one rate would be played at another,
    and a load that comes back from an overload would come back to more than it can carry.  Of at
    most 60 seeds the one that comes closest is taken when none is within `EVEN`.
    """
    phases = judged(profile)
    curve, talks = profile.curve(), profile.conversation.expected_turns
    wanted = [talks * (curve.count(end) - curve.count(start)) for start, end in phases]
    most = min(_MOST_SEEDS, max(8, int(_MOST_PLANNED / sum(wanted))))
    best, least = 0, math.inf
    for seed in islice(seeds, most):
        planned = planned_turns(profile, book, seed)
        # In shares of the longest phase: a few turns more in a short one matter little.
        error = max(map(abs, map(sub, planned, wanted))) / max(wanted)
        if error < least:
            best, least = seed, error
        if error <= EVEN:
            break
    return best


def seeds_of(seed: int, probe: str) -> Iterable[int]:
    """The seeds to choose from for a probe: new ones for each probe, the same for one `seed`."""
    return (derive(seed, "capacity", probe, number) for number in range(_MOST_SEEDS))


def played(run: RunDescription) -> tuple[Profile, Book | None]:
    """The profile of a run and its journeys, ShopMax's when None.  Raises ProfileError."""
    book = None if run.journeys is None else from_dict(run.journeys, "run.json")
    return profiles.from_dict(
        run.profile, "run.json", None if book is None else book.journeys
    ), book


def judged(profile: Profile) -> list[tuple[float, float]]:
    """Begin and end of each phase after the warm-up, seconds after the start of the load."""
    return [(start, end) for name, start, end in profile.planned_phases() if name != WARMUP]


def planned_turns(profile: Profile, book: Book | None, seed: int) -> list[int]:
    """The turns due in each judged phase, if each takes as long as a forecast assumes."""
    phases = judged(profile)
    counts = [0] * len(phases)
    for arrival in arrivals.stream(profile, seed):
        talk = laid_out(conversation.plan(profile, arrival, "capacity", book), arrival.due)
        for moment in talk.turns:
            due = moment - talk.turns[0] + talk.start
            for number, (start, end) in enumerate(phases):
                counts[number] += start <= due < end
    return counts
