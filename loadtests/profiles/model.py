"""The types of a load profile: the curve of the day, the customers' behaviour, the limits.

Sale time is the customers' time; real time is the run's.  `compression` sale seconds pass in one
real second.  It scales phases, think times and the TTL; arrival rates and deadlines are in real
time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from loadtests.profiles import sliding_ttl
from loadtests.profiles.csv_table import MOST_LINES
from loadtests.profiles.fields import Bounds, Pattern, written
from loadtests.profiles.rate_curve import Curve, Linear, Piece, decay
from loadtests.profiles.sliding_ttl import SlidingTtl

LANGUAGES = {"en": 0.5, "hi": 0.25, "hinglish": 0.25}
"""The default languages of ShopMax's customers, with their weights: English, Hindi in Devanagari,
and Hindi in Latin letters mixed with English."""

LOWEST_RATE = 0.001
HIGHEST_RATE = 2000.0
HIGHEST_LEVEL = 1000.0


@dataclass(frozen=True, slots=True)
class Ramp:
    """A linear change from one multiple of the base rate to another."""

    start: Annotated[float, Bounds(0, HIGHEST_LEVEL, key="from")]
    """A straight line from this level …"""
    end: Annotated[float, Bounds(0, HIGHEST_LEVEL, key="to")]
    """… to this level."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A step to `level`, reached linearly within `rise_seconds` (sale time)."""

    level: Annotated[float, Bounds(0, HIGHEST_LEVEL, key="hold")]
    """A step to this level."""
    rise_seconds: Annotated[float, Bounds(0, 3600)] = 0.0
    """Sale seconds in which `hold` is reached, in a straight line."""


@dataclass(frozen=True, slots=True)
class Decay:
    """From the level before: max(floor, level · (t / after)^-exponent), t since the opening."""

    exponent: Annotated[float, Bounds(0.01, 0.99, key="decay")]
    """The level falls as `max(floor, level before · (t / after_minutes)^-decay)`."""
    after_minutes: Annotated[float, Bounds(0.01, 100_000)]
    """Sale minutes: the phase begins at t = `after_minutes`."""
    floor: Annotated[float, Bounds(0, HIGHEST_LEVEL)]
    """The level below which `decay` does not fall."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Equal slices of the phase, each with its own level: a histogram from a request log."""

    values: Annotated[tuple[float, ...], Bounds(0, HIGHEST_LEVEL, key="levels", most=MOST_LINES)]
    """Equal slices of the phase, each at its own level."""


Shape = Ramp | Hold | Decay | Levels


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of the sale day."""

    name: str
    minutes: float
    """Sale minutes."""
    shape: Shape


@dataclass(frozen=True, slots=True)
class Spike:
    """A flash sale: the rate times `times` for a while."""

    at: Annotated[float, Bounds(0, 100_000)]
    """Sale minutes after the start of the load."""
    minutes: Annotated[float, Bounds(0.01, 100_000)]
    """Sale minutes that it lasts."""
    times: Annotated[float, Bounds(0.01, 100)]
    """The factor on the rate of the moment."""


@dataclass(frozen=True, slots=True)
class Cliff:
    """A reconnect cliff: customers are cut off, and later all of them arrive together."""

    at: Annotated[float, Bounds(0, 100_000)]
    """Sale minutes after the start of the load."""
    minutes: Annotated[float, Bounds(0.01, 100_000)]
    """Sale minutes for which customers are cut off."""
    share: Annotated[float, Bounds(0.01, 1)]
    """The share of arriving customers that is cut off."""
    back_minutes: Annotated[float, Bounds(0.01, 100_000)]
    """Sale minutes after it within which they all arrive, on top of the others."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """The customers' behaviour in a conversation."""

    mean_turns: Annotated[float, Bounds(1, 50)]
    """Mean of 1 + geometric, before any customer gives up."""
    max_turns: Annotated[int, Bounds(1, 200)]
    """No conversation has more turns."""
    abandon_share: Annotated[float, Bounds(0, 0.95)]
    """The share of customers who leave after each turn. Only the TTL frees their sessions."""
    think_median: Annotated[float, Bounds(0.001, 86_400)]
    """Sale seconds between a reply and the next message, median. Think times are log-normal."""
    think_sigma: Annotated[float, Bounds(0, 3)]
    """Standard deviation of the logarithm of think times."""
    stream_share: Annotated[float, Bounds(0, 1)]
    """The share of conversations with streamed replies (`/run_sse`)."""
    delete_share: Annotated[float, Bounds(0, 1)]
    """The share of completed conversations that the customer deletes."""
    deadline_s: Annotated[float, Bounds(0.1, 600)]
    """Real seconds that one turn may take, retries included."""
    attempt_timeout_s: Annotated[float, Bounds(0.1, 600)]
    """Real seconds that one attempt may take."""
    languages: dict[str, float] = field(default_factory=lambda: dict(LANGUAGES))
    """Language of a journey -> weight."""
    return_within_ttl: Annotated[float, Bounds(0, 1)] = 0.0
    """The share of customers who are away once for about half of the TTL; their session must still
    be there."""
    return_after_ttl: Annotated[float, Bounds(0, 1)] = 0.0
    """The share of customers who are away once for longer than the TTL; their session must be gone,
    and they open another."""
    sliding_ttl_customers: Annotated[int, Bounds(0, 1000)] = 0
    """How many customers (a number, at any scale) keep one session for longer than the TTL without
    a pause as long. They prove that each turn renews the TTL."""
    gaps_at_ttl: Annotated[tuple[float, ...], Bounds(0.01, 5)] = ()
    """Multiples of the TTL. When given, each pause between two turns is one of these, in equal
    shares, instead of a think time."""

    @property
    def expected_turns(self) -> float:
        """Mean number of turns of a conversation, including customers who give up."""
        return sum(self.reaches_turn(turn) for turn in range(self.max_turns))

    def reaches_turn(self, turn: int) -> float:
        """The share of conversations that reach `turn`, counted from 0."""
        onward = (1 - 1 / self.mean_turns) * (1 - self.abandon_share)
        return onward**turn if turn < self.max_turns else 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole profile; `loadtests.profiles.profile` builds and checks it."""

    name: Annotated[
        str, Pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", "a short name of letters, digits")
    ]
    """The profile's name; run directories and reports carry it."""
    description: Annotated[str, Pattern(r"(?s).*", "a text")]
    """One line for `diya profile list`."""
    compression: Annotated[float, Bounds(1, 100_000, section="time")]
    """Sale seconds that pass in one real second. Scales phases, think times and the TTL alike."""
    ttl_seconds: Annotated[float, Bounds(1, 604_800, section="time")]
    """Sale seconds that a session lives after its last turn. The real TTL, `ttl_seconds /
    compression`, must be at least 1 s."""
    base_rate: Annotated[float, Bounds(LOWEST_RATE, HIGHEST_RATE, section="load")]
    """Conversations that begin per real second at level 1."""
    max_open: Annotated[int, Bounds(1, 20_000, section="load")]
    """Conversations open at once. An arrival above it is dropped, and the run becomes
    INCONCLUSIVE."""
    phases: tuple[Phase, ...]
    spikes: tuple[Spike, ...]
    cliffs: tuple[Cliff, ...]
    conversation: Conversation
    journeys: dict[str, float]
    """Journey -> weight."""
    slo: dict[str, float]
    """The limits of the checks."""
    late_after_s: Annotated[float, Bounds(0.1, 3600, section="load")] = 5.0
    """Real seconds: an arrival that the generator can offer only this much too late is dropped, and
    the run becomes INCONCLUSIVE."""
    day_cv: Annotated[float, Bounds(0, 1, section="load")] = 0.0
    """How much one day differs from the next: the whole curve of a run is multiplied by a draw from
    a Gamma distribution of mean 1 and this coefficient of variation. 0: never."""

    def scaled(self, factor: float) -> Profile:
        """The same day with this many times the customers; spikes and cliffs scale as well."""
        return replace(self, base_rate=self.base_rate * factor)

    def in_real_time(self) -> Profile:
        """The same day without compression: one second of the load is one of the sale."""
        return replace(self, compression=1.0)

    @property
    def load_seconds(self) -> float:
        """The duration of the arrivals, real seconds."""
        return sum(phase.minutes for phase in self.phases) * 60 / self.compression

    @property
    def real_ttl_seconds(self) -> float:
        """The TTL of the service, real seconds."""
        return self.ttl_seconds / self.compression

    @property
    def longest_pause_s(self) -> float:
        """The longest pause of a customer between two turns, real seconds.

        Think times have no limit, but fewer than one in 10,000 runs is expected to exceed this.
        """
        talk = self.conversation
        if talk.gaps_at_ttl:
            return max(talk.gaps_at_ttl) * self.real_ttl_seconds
        # At most exp(-z²/2) of the draws from a normal distribution are above z.
        z = math.sqrt(2 * math.log(10_000 * max(1.0, self.expected_turns)))
        thinks = talk.think_median * math.exp(talk.think_sigma * z) / self.compression
        comes_back = talk.return_within_ttl + talk.return_after_ttl > 0 or self.sliding_ttl().dues
        return max(thinks, 2 * self.real_ttl_seconds if comes_back else 0.0)

    @property
    def expected_turns(self) -> float:
        """Expected turns of the whole load, averaged over seeds."""
        sliding = self.sliding_ttl()
        drawn = self.curve().total * self.conversation.expected_turns
        return drawn + len(sliding.dues) * sliding.turns

    @property
    def expected_conversations(self) -> float:
        """Expected conversations of the whole load, averaged over seeds."""
        return self.curve().total + len(self.sliding_ttl().dues)

    def sliding_ttl(self) -> SlidingTtl:
        """The arrivals and pauses of the customers who test that the TTL slides."""
        talk = self.conversation
        return sliding_ttl.plan(
            talk.sliding_ttl_customers, self.load_seconds, self.real_ttl_seconds, talk.max_turns
        )

    def planned_phases(self) -> list[tuple[str, float, float]]:
        """(name, start, end) of every phase, real seconds after the start of the load."""
        result = []
        start = 0.0
        for phase in self.phases:
            end = start + phase.minutes * 60 / self.compression
            result.append((phase.name, start, end))
            start = end
        return result

    def curve(self) -> Curve:
        """The rate of arrivals, conversations a real second over real seconds."""
        pieces: list[Piece] = []
        level = 1.0
        for phase in self.phases:
            pieces += self._pieces(phase, level)
            level = pieces[-1].rate(pieces[-1].seconds)
        curve = Curve([piece.scaled(self.base_rate) for piece in pieces])
        for spike in self.spikes:
            start, length = self._real_minutes(spike.at), self._real_minutes(spike.minutes)
            curve = curve.multiplied(start, length, spike.times)
        for cliff in self.cliffs:
            curve = curve.held_back(
                self._real_minutes(cliff.at),
                self._real_minutes(cliff.minutes),
                cliff.share,
                self._real_minutes(cliff.back_minutes),
            )
        return curve

    def _real_minutes(self, minutes: float) -> float:
        return minutes * 60 / self.compression

    def _pieces(self, phase: Phase, level: float) -> list[Piece]:
        seconds = self._real_minutes(phase.minutes)
        match phase.shape:
            case Ramp(start, end):
                return [Linear(seconds, start, end)]
            case Hold(target, rise_seconds):
                rise = min(rise_seconds / self.compression, seconds)
                parts = [Linear(rise, level, target), Linear(seconds - rise, target, target)]
                return [part for part in parts if part.seconds > 0]
            case Decay(exponent, after, floor):
                return decay(seconds, level, self._real_minutes(after), exponent, floor)
            case Levels(values):
                return [Linear(seconds / len(values), each, each) for each in values]

    def to_dict(self) -> dict[str, Any]:
        """The profile as the nested tables of its file; `from_dict` reads it back."""
        return {
            **written(self),
            "phase": [
                {"name": phase.name, "minutes": phase.minutes, **written(phase.shape)}
                for phase in self.phases
            ],
            "spike": [written(spike) for spike in self.spikes],
            "cliff": [written(cliff) for cliff in self.cliffs],
            "conversation": {
                **written(self.conversation),
                "languages": dict(self.conversation.languages),
            },
            "journeys": dict(self.journeys),
            "slo": dict(self.slo),
        }
