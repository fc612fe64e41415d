"""Sessions in Redis under a constant rate of conversations, at any rate and TTL.

By Little's law the live sessions are the rate times the time that one conversation keeps a session
alive: from its first stored turn to its last one, and the TTL after that.  Each stored turn slides
the expiry.  Their memory is the textbook's sum of `loadtests.arrivals.forecast`:

    live = rate × Σ (time until the next write, or until the expiry)
    bytes = rate × Σ (bytes with k turns × that time)
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from loadtests.arrivals import forecast
from loadtests.arrivals.redis_sizes import RedisSizes, unreclaimed
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile

_GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it, without their whole parts, fill the interval from 0 to 1 evenly at any count."""
_SETTLE_TTLS = 3
_SETTLE_STEPS = 300


class Kept(NamedTuple):
    """One live session."""

    turns: int
    """Stored turns."""
    left_s: float
    """Seconds until it expires, unless another turn slides the expiry."""


class _Stay(NamedTuple):
    """The time between two writes of a session, or between its last write and its end."""

    seconds: float
    turns: int


@dataclass(frozen=True, slots=True)
class SteadyState:
    """A profile's sessions at a constant rate; times are those of customers, not compressed."""

    ttl_s: float
    conversations: int
    """Conversations in the sample."""
    turns: int
    """Their turns."""
    expiries: int
    """Sessions of them that end by their TTL."""
    stays: tuple[_Stay, ...]

    @property
    def turns_per_conversation(self) -> float:
        """The mean number of turns of a conversation."""
        return self.turns / self.conversations

    @property
    def session_s(self) -> float:
        """Seconds for which one conversation keeps a session in Redis, on average."""
        return sum(stay.seconds for stay in self.stays) / self.conversations

    @property
    def turns_per_session(self) -> float:
        """The mean number of stored turns of the live sessions."""
        total = sum(stay.seconds for stay in self.stays)
        return sum(stay.seconds * stay.turns for stay in self.stays) / total

    def live(self, rate: float) -> float:
        """Live sessions at `rate` conversations a second."""
        return rate * self.session_s

    def rate(self, live: float) -> float:
        """Conversations a second at which this many sessions are live."""
        return live / self.session_s

    def expiring(self, rate: float) -> float:
        """Sessions that expire in a second, at `rate` conversations a second."""
        return rate * self.expiries / self.conversations

    def live_bytes(self, rate: float, sizes: RedisSizes) -> float:
        """Bytes of the live sessions at `rate` conversations a second."""
        each = sizes.session_of(0) + sizes.turn * self.turns_per_session
        return self.live(rate) * each

    def expired(self, rate: float) -> float:
        """Sessions that have expired, and that Redis has not reclaimed yet, by the model of
        `redis_sizes.unreclaimed`."""
        step = self.ttl_s * _SETTLE_TTLS / _SETTLE_STEPS
        live = [self.live(rate)] * _SETTLE_STEPS
        gone = [self.expiring(rate) * step] * _SETTLE_STEPS
        return unreclaimed(live, gone, step)[-1]

    def shares(self) -> dict[int, float]:
        """Number of stored turns → share of the live sessions."""
        seconds: dict[int, float] = {}
        for stay in self.stays:
            seconds[stay.turns] = seconds.get(stay.turns, 0.0) + stay.seconds
        total = sum(seconds.values())
        return {turns: seconds[turns] / total for turns in sorted(seconds)}

    def sessions(self, count: int) -> Iterator[Kept]:
        """This many live sessions at one moment: the same ones for the same count.

        A moment falls into a stay in proportion to its length.  So lengths are those of live
        sessions, and expiries are spread over the TTL as at a constant rate.
        """
        ends = list(itertools.accumulate(stay.seconds for stay in self.stays))
        for number in range(count):
            moment = (number + 0.5) * _GOLDEN % 1 * ends[-1]
            place = min(bisect.bisect_right(ends, moment), len(ends) - 1)
            since = self.stays[place].seconds - (ends[place] - moment)
            yield Kept(self.stays[place].turns, max(0.0, self.ttl_s - since))


def of(profile: Profile, book: Book | None = None) -> SteadyState:
    """The steady state of a profile: its own TTL and pauses, not compressed.

    `book` holds the journeys, ShopMax's when None.
    """
    profile = profile.in_real_time()
    ttl = profile.real_ttl_seconds
    talks = list(forecast.sample_talks(profile, book))
    writes = [write for talk in talks for write in talk.writes(ttl)]
    return SteadyState(
        ttl_s=ttl,
        conversations=len(talks),
        turns=sum(len(talk.turns) for talk in talks),
        expiries=sum(end == moment + ttl for moment, end, _ in writes),
        stays=tuple(_Stay(end - moment, kept) for moment, end, kept in writes),
    )
