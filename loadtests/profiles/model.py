"""What a load profile says: the shape of the day, how customers behave, what is good enough.

Sale time is the customers' time; real time is the run's.  `compression` sale seconds pass in one
real second.  It scales phases, think times and the TTL; rates of arrival and deadlines are real, as
the service feels them.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from loadtests.profiles import sliding_ttl
from loadtests.profiles.rate_curve import Curve, Linear, Piece, decay
from loadtests.profiles.sliding_ttl import SlidingTtl

LANGUAGES = {"en": 0.5, "hi": 0.25, "hinglish": 0.25}
"""The languages ShopMax's customers write in, with their weights where a profile gives none:
English, Hindi in Devanagari, and Hindi in Latin letters mixed with English."""

LATE_AFTER_S = 5.0
"""Where a profile does not say when an arrival is too late to be offered."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """A straight line from one multiple of the base rate to another."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Hold:
    """A step to `level`, reached in a straight line within `rise_seconds` (sale time)."""

    level: float
    rise_seconds: float


@dataclass(frozen=True, slots=True)
class Decay:
    """From the level before: max(floor, level · (t / after)^-exponent), t since the opening."""

    exponent: float
    after_minutes: float
    """How long after the opening the decay begins, sale minutes."""
    floor: float


@dataclass(frozen=True, slots=True)
class Levels:
    """Equal slices of the phase, each at its own level: a histogram, counted in somebody's log."""

    values: tuple[float, ...]


Shape = Ramp | Hold | Decay | Levels


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of the sale day."""

    name: str
    minutes: float
    """Sale minutes."""
    shape: Shape


@dataclass(frozen=True, slots=True)
class Spike:
    """A flash sale: the rate times `times` for a while."""

    at: float
    """Sale minutes after the start of the load."""
    minutes: float
    times: float


@dataclass(frozen=True, slots=True)
class Cliff:
    """A reconnect cliff: customers are cut off, and then all of those come at once."""

    at: float
    """Sale minutes after the start of the load."""
    minutes: float
    """How long they are cut off."""
    share: float
    """The share of arriving customers that is cut off."""
    back_minutes: float
    """Within so many minutes after it, all of them arrive on top of the others."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """How customers behave in one conversation."""

    mean_turns: float
    """Mean of 1 + geometric, before anybody gives up."""
    max_turns: int
    abandon_share: float
    """Share of customers who walk away after each turn."""
    think_median: float
    """Sale seconds."""
    think_sigma: float
    """Of the logarithm: think times are log-normal."""
    stream_share: float
    """Share of conversations whose replies are streamed."""
    delete_share: float
    """Share of completed conversations that the customer deletes."""
    deadline_s: float
    """Real seconds one turn may take, retries included."""
    attempt_timeout_s: float
    """Real seconds one attempt may take."""
    languages: dict[str, float] = field(default_factory=lambda: dict(LANGUAGES))
    """Language -> weight, of languages that a journey is written in."""
    return_within_ttl: float = 0.0
    """Share of customers with more than one message who are away once for about half of the TTL:
    the session is there."""
    return_after_ttl: float = 0.0
    """Share of them who are away once for longer than the TTL: the session is gone, and the
    customer opens another."""
    sliding_ttl_customers: int = 0
    """So many customers, at any scale of the load, keep one session for longer than the TTL, never
    idle for one TTL (`loadtests.profiles.sliding_ttl`)."""
    gaps_at_ttl: tuple[float, ...] = ()
    """Multiples of the TTL: when there are any, every pause between two turns is one of these, in
    equal shares, instead of a think time.  Above 1, the session is gone by the next turn."""

    @property
    def expected_turns(self) -> float:
        """Turns of one conversation, on average: some give up before they have said everything."""
        return sum(self.reaches_turn(turn) for turn in range(self.max_turns))

    def reaches_turn(self, turn: int) -> float:
        """The share of conversations that get to `turn`, counted from 0."""
        onward = (1 - 1 / self.mean_turns) * (1 - self.abandon_share)
        return onward**turn if turn < self.max_turns else 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole profile; `loadtests.profiles.profile` builds and checks it."""

    name: str
    description: str
    compression: float
    ttl_seconds: float
    """Sale seconds a session lives after its last turn."""
    base_rate: float
    """Conversations a real second at multiplier 1."""
    max_open: int
    """Conversations open at once; an arrival above it is dropped, and counted as such."""
    phases: tuple[Phase, ...]
    spikes: tuple[Spike, ...]
    cliffs: tuple[Cliff, ...]
    conversation: Conversation
    journeys: dict[str, float]
    """Journey -> weight."""
    slo: dict[str, float]
    """The limits the checks use."""
    late_after_s: float = LATE_AFTER_S
    """Real seconds after its planned time at which an arrival is dropped as late, and counted as
    such: offered then, it would be another load than the planned one."""
    day_cv: float = 0.0
    """How much one sale day differs from the next: the whole curve of a run is multiplied by a
    draw from a Gamma distribution of mean 1 and this coefficient of variation.  0: never."""

    def scaled(self, factor: float) -> Profile:
        """The same day with so many times the customers; spikes and cliffs follow the rate."""
        return replace(self, base_rate=self.base_rate * factor)

    @property
    def load_seconds(self) -> float:
        """How long arrivals are offered, real seconds."""
        return sum(phase.minutes for phase in self.phases) * 60 / self.compression

    @property
    def real_ttl_seconds(self) -> float:
        """The TTL the service is given, real seconds."""
        return self.ttl_seconds / self.compression

    @property
    def longest_pause_s(self) -> float:
        """How long any customer may be silent between two turns, real seconds.

        Think times have no limit: of all those of 10,000 runs, not one is expected to be longer.
        """
        talk = self.conversation
        if talk.gaps_at_ttl:
            return max(talk.gaps_at_ttl) * self.real_ttl_seconds
        # Of draws from a normal distribution, exp(-z²/2) at most are above z.
        z = math.sqrt(2 * math.log(10_000 * max(1.0, self.expected_turns)))
        thinks = talk.think_median * math.exp(talk.think_sigma * z) / self.compression
        comes_back = talk.return_within_ttl + talk.return_after_ttl > 0 or self.sliding_ttl().dues
        return max(thinks, 2 * self.real_ttl_seconds if comes_back else 0.0)

    @property
    def expected_turns(self) -> float:
        """Turns to be expected over the whole load, on average over seeds."""
        sliding = self.sliding_ttl()
        drawn = self.curve().total * self.conversation.expected_turns
        return drawn + len(sliding.dues) * sliding.turns

    @property
    def expected_conversations(self) -> float:
        """Conversations to be expected over the whole load, on average over seeds."""
        return self.curve().total + len(self.sliding_ttl().dues)

    def sliding_ttl(self) -> SlidingTtl:
        """The customers who prove that the TTL slides: when they come, how long they pause."""
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
        talk = asdict(self.conversation)
        talk["gaps_at_ttl"] = list(self.conversation.gaps_at_ttl)
        shapes = [_shape_to_dict(phase.shape) for phase in self.phases]
        return {
            "name": self.name,
            "description": self.description,
            "time": {"compression": self.compression, "ttl_seconds": self.ttl_seconds},
            "load": {
                "base_rate": self.base_rate,
                "max_open": self.max_open,
                "late_after_s": self.late_after_s,
                "day_cv": self.day_cv,
            },
            "phase": [
                {"name": phase.name, "minutes": phase.minutes, **shape}
                for phase, shape in zip(self.phases, shapes, strict=True)
            ],
            "spike": [asdict(spike) for spike in self.spikes],
            "cliff": [asdict(cliff) for cliff in self.cliffs],
            "conversation": talk,
            "journeys": dict(self.journeys),
            "slo": dict(self.slo),
        }


def _shape_to_dict(shape: Shape) -> dict[str, Any]:
    match shape:
        case Ramp(start, end):
            return {"from": start, "to": end}
        case Hold(level, rise_seconds):
            return {"hold": level, "rise_seconds": rise_seconds}
        case Decay(exponent, after, floor):
            return {"decay": exponent, "after_minutes": after, "floor": floor}
        case Levels(values):
            return {"levels": list(values)}
