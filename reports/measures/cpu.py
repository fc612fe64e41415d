"""The CPU that the run used, and the work done with it, from samples of the machine and of Redis.

Work is counted in turns.  A turn's work is spread over the time from its sending to its end, so
that a turn that ends after a span counts in part: on a full machine hundreds of turns run at once.
Attempts that may have run without an answer count as work; refusals do not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports.measures.foreign_cpu import LIMIT_PERCENT
from reports.measures.phases import RECOVERY_S
from reports.measures.spans import Span, merged, overlap, seconds, without
from reports.records import Outcome, Sample, TurnRecord
from reports.records.history import History

FULL_PERCENT = 95.0
"""Percent of its capacity over a stretch; no scheduler gives more than this for long."""
_STRETCH = 5
"""Samples, one a second; a shorter burst delays little."""
_GAP_S = 5.0
"""Seconds; a shorter break between two full spans counts as full, because load fluctuates."""
_LONGEST_STEP_S = 5.0
"""A sample covers the time since the previous one, but at most this, seconds."""
_NO_END = "no complete response within"
_LEAST_S = 5.0
_FEWEST_TURNS = 5.0
"""Least time (seconds) and fewest turns for measuring the cost of a turn."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One sample of one part; it covers (since, until]."""

    since: float
    until: float
    percent: float
    """Percent of the part's capacity."""
    cpu_s: float
    """Processor seconds a second."""


def machine(history: History) -> list[Reading]:
    """Readings of the cores that the run may use; empty if they were not sampled.

    Stretches in which others used a large share are left to `validity.foreign_cpu`.
    """
    cores = history.run.environment.cores
    usable = float(cores) if isinstance(cores, int) and cores > 0 else 1.0

    def read(sample: Sample) -> tuple[float, float] | None:
        own, busy = sample.values.get("own_percent"), sample.values.get("cpu_percent")
        if own is None or busy is None:
            return None
        others = busy - own
        percent = busy if others <= LIMIT_PERCENT else own
        return percent, own / 100 * sample.values.get("cores", usable)

    return _readings(history.samples_by_source.get("host", []), read)


def machine_as_a_whole(history: History) -> list[Reading]:
    """Readings of the same cores where the run's own share of them is not known; else empty."""
    samples = history.samples_by_source.get("host", [])
    if any("own_percent" in sample.values for sample in samples):
        return []
    return of_one_core(history, "host")


def of_one_core(history: History, source: str, name: str = "cpu_percent") -> list[Reading]:
    """Readings of a part that can use only one core: Redis, Envoy, a process of the generator."""

    def read(sample: Sample) -> tuple[float, float] | None:
        percent = sample.values.get(name)
        return None if percent is None else (min(percent, 100.0), percent / 100)

    return _readings(history.samples_by_source.get(source, []), read)


def _readings(
    samples: Sequence[Sample], read: Callable[[Sample], tuple[float, float] | None]
) -> list[Reading]:
    found = []
    for before, sample in pairwise([None, *samples]):
        assert sample is not None
        value = read(sample)
        if value is not None:
            step = 1.0 if before is None else min(sample.t - before.t, _LONGEST_STEP_S)
            found.append(Reading(sample.t - step, sample.t, *value))
    return found


def full(readings: Sequence[Reading], percent: float = FULL_PERCENT) -> list[Span]:
    """The spans in which the part used at least this percentage of its capacity."""
    spans = []
    for first in range(len(readings) - _STRETCH + 1):
        stretch = readings[first : first + _STRETCH]
        if mean_percent(stretch) >= percent:
            spans.append((stretch[0].since, stretch[-1].until))
    return merged(spans, _GAP_S)


def mean_percent(readings: Sequence[Reading]) -> float:
    """Mean percent of the part's capacity over all readings; 0 without any."""
    return sum(r.percent for r in readings) / len(readings) if readings else 0.0


def within(readings: Sequence[Reading], spans: Sequence[Span]) -> list[Reading]:
    """The readings that lie mostly in these spans."""
    return [r for r in readings if overlap((r.since, r.until), spans) > (r.until - r.since) / 2]


def faulty(history: History) -> list[Span]:
    """The spans in which faults and their recoveries used CPU outside of turns."""
    return merged((fault.start, fault.end + RECOVERY_S) for fault in history.faults)


def calm(history: History, readings: Sequence[Reading]) -> list[Span]:
    """The spans under load without a fault in which the part was not full."""
    if history.load_start is None or history.load_end is None:
        return []
    load = [(history.load_start, history.load_end)]
    return without(without(load, faulty(history)), full(readings))


def work(history: History, spans: Sequence[Span]) -> float:
    """The work done in these spans, which are in order and do not overlap, in turns."""
    if not spans:
        return 0.0
    turns, total = history.turns, 0.0
    first, last = spans[0][0], spans[-1][1]
    starts = [start for start, _ in spans]
    for amount, sent, done in zip(history.once(_amounts), turns.sent, turns.done, strict=True):
        if amount and first <= done and sent <= last:
            length = max(done - sent, 1e-6)
            begun = bisect_right(starts, sent) - 1
            if begun >= 0 and sent + length <= spans[begun][1]:
                total += amount  # as nearly all are, wholly within one span
                continue
            share = min(1.0, overlap((sent, sent + length), spans) / length)
            total += amount * share
    return total


def _amounts(history: History) -> bytearray:
    """The work of each turn, in turns: its attempts that may have run, and its reply."""
    return bytearray(min(255, _amount(turn)) for turn in history.turns)


def _amount(turn: TurnRecord) -> int:
    if turn.outcome is Outcome.OK:
        return 1 + turn.unsure
    # A turn without a session counts its attempts to open one; unfinished attempts cost CPU.
    return max(turn.unsure, turn.attempts if _NO_END in (turn.error or "") else 0)


def cost(history: History, readings: Sequence[Reading], spans: Sequence[Span]) -> float | None:
    """CPU seconds per turn in these spans; None with too few samples or turns."""
    seen = within(readings, spans)
    covered = merged((r.since, r.until) for r in seen)
    turns = work(history, covered)
    if seconds(covered) < _LEAST_S or turns < _FEWEST_TURNS:
        return None
    return sum(r.cpu_s * (r.until - r.since) for r in seen) / turns
