"""The statistics of a simulation: latency, goodput, utilisation, turns in flight, memory."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from loadtests.arrivals.redis_sizes import unreclaimed
from loadtests.simulation.calibration import Calibration
from loadtests.simulation.plans import PlannedTalk
from loadtests.simulation.state import Reply, Request, Talk
from reports.records import Fate, Outcome


@dataclass(frozen=True, slots=True)
class Reading:
    """The state of the service at one moment."""

    t: float
    open_talks: int
    in_flight: int
    """Turns that the replicas have taken and not answered."""
    open_turns: int
    """Turns and other requests that wait for an answer or for another attempt."""
    replica_busy_s: tuple[float, ...]
    """Core seconds of each replica so far."""
    replica_in_flight: tuple[int, ...]
    replica_turns: tuple[int, ...]
    """Turns that each has answered so far."""
    replica_refused: tuple[int, ...]
    redis_busy_s: float
    """Of the busiest shard."""
    others_busy_s: float
    sessions: int
    live_bytes: float
    expired: int
    """Sessions that expired since the reading before."""


@dataclass(slots=True)
class Statistics:
    """The counts of a simulation while it runs; a `Watch`."""

    measured_from: float = 0.0
    """Turns that are due from here on are measured, seconds after the start of the load …"""
    measured_to: float = math.inf
    """… and before this."""
    dues: array[float] = field(default_factory=lambda: array("d"))
    """When each acknowledged turn was due."""
    latencies: array[float] = field(default_factory=lambda: array("d"))
    """How long it took from then on."""
    lost: Counter[Outcome] = field(default_factory=Counter)
    """Turns that were not acknowledged."""
    bad: Counter[Outcome] = field(default_factory=Counter)
    """The measured ones among them."""
    offered: int = 0
    """Conversations that came to their end."""
    unplayed: Counter[Fate] = field(default_factory=Counter)
    """Arrivals that were not offered, or not to their end."""
    retried: int = 0
    """Turns that took more than one attempt."""
    readings: list[Reading] = field(default_factory=list)

    def turn(self, t: float, talk: Talk, outcome: Outcome, request: Request, reply: Reply) -> None:
        """A turn has ended."""
        due = talk.due
        if talk.attempts > 1:
            self.retried += 1
        if outcome is Outcome.OK:
            self.dues.append(due)
            self.latencies.append(t - due)
            return
        self.lost[outcome] += 1
        if self.measured_from <= due < self.measured_to:
            self.bad[outcome] += 1

    def read(self, t: float, talk: Talk, request: Request, reply: Reply) -> None:
        """A session was read back."""

    def conversation(self, t: float, talk: Talk, *, deleted: bool) -> None:
        """A conversation has ended."""
        self.offered += 1

    def not_played(self, t: float, planned: PlannedTalk, fate: Fate) -> None:
        """An arrival was not offered, or not to its end."""
        self.unplayed[fate] += 1

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """Of all turns."""
        return {Outcome.OK: len(self.latencies), **self.lost}

    @property
    def fates(self) -> dict[Fate, int]:
        """Of all arrivals."""
        return {Fate.OFFERED: self.offered, **self.unplayed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """The result of a simulation, over its measured part unless it says otherwise."""

    seconds: float
    """The length of the measured part."""
    turns: int
    """Turns that were due in it and have ended."""
    offered_per_s: float
    goodput_per_s: float
    """Turns a second that were answered within the latency limit."""
    p50_s: float | None
    """None: no turn was acknowledged."""
    p90_s: float | None
    p99_s: float | None
    longest_s: float | None
    error_share: float
    """Turns that were not acknowledged."""
    open_at_end: int
    """Measured turns that had no answer when the simulation ended."""
    replica_share: float
    """The share of a core that a replica used, the mean over the replicas …"""
    busiest_share: float
    """… and the busiest one."""
    redis_share: float
    """The share of a core that the busiest shard used."""
    others_share: float
    in_flight: float
    """Turns in all replicas, the mean."""
    most_in_flight: int
    """Turns in one replica, the most at any moment of the whole simulation."""
    refused: int
    """Attempts refused for too many turns in flight, in the whole simulation."""
    attempts: int
    """All attempts of turns in the whole simulation."""
    again: int
    """Those after the first."""
    timeouts: int
    backlog_per_s: float
    """The growth of the number of open turns, a straight line through the readings."""
    most_sessions: int
    most_bytes: float
    """The largest memory of all shards together, with expired sessions and the empty servers."""
    fates: dict[Fate, int]
    """Of every arrival of the whole simulation."""
    outcomes: dict[Outcome, int]
    """Of every turn of the whole simulation."""


def percentile(ordered: Sequence[float], percent: float) -> float | None:
    """The value at rank ceil(n · percent / 100) of ascending values; None without any."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The slope of the least-squares line through the points; 0 for fewer than two."""
    if len(points) < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    together = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return together / spread if spread > 0 else 0.0


def memory(readings: Sequence[Reading], calibration: Calibration, shards: int) -> list[float]:
    """Bytes in all shards at each reading, with expired sessions that are not reclaimed yet."""
    if not readings:
        return []
    step = readings[1].t - readings[0].t if len(readings) > 1 else 1.0
    live = [reading.sessions / shards for reading in readings]
    gone = [reading.expired / shards for reading in readings]
    dead = unreclaimed(live, gone, step)
    return [
        shards * calibration.redis_empty_bytes
        + reading.live_bytes * (1 + (left / alive if alive > 0.5 else 0.0))
        for reading, left, alive in zip(readings, dead, live, strict=True)
    ]


def within(statistics: Statistics, latency_limit_s: float) -> tuple[list[float], int]:
    """The ascending latencies of the measured turns, and how many kept the limit."""
    start, end = statistics.measured_from, statistics.measured_to
    pairs = zip(statistics.dues, statistics.latencies, strict=True)
    ordered = sorted(latency for due, latency in pairs if start <= due < end)
    return ordered, bisect_right(ordered, latency_limit_s)
