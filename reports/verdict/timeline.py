"""The timeline of a run: aligned arrays over run time, for the charts.

Turns are counted at their end, so that an outage is a gap.  Latency is shown at the turn's due
time, so that it belongs to the fault during which customers meant to send.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import compress

from reports.measures.percentiles import ascending, percentile
from reports.measures.phases import load_phases
from reports.measures.redis_memory import fleet_rss, live_bytes, redis_samples
from reports.records import Sample
from reports.records.columns import FAIL, INFO, OK, OUTCOME, RETRIED, Turns, is_acknowledged
from reports.records.history import History
from reports.verdict.part_types import FaultSpan, PhaseSpan, Timeline

_MOST_STEPS = 600
"""The most points in a chart."""


def build_timeline(history: History) -> Timeline:
    """The timeline of the whole run."""
    first = min(
        [sample.t for sample in history.samples]
        + [history.load_start if history.load_start is not None else history.last_moment]
        + [min(history.turns.due, default=history.last_moment)]
    )
    start = math.floor(first)
    span = max(1, math.ceil(history.last_moment - start))
    step = float(math.ceil(span / _MOST_STEPS))
    empty = not history.turns and not history.samples
    axis = _Axis(float(start), step, 0 if empty else math.ceil(span / step))
    redis = redis_samples(history)
    turns = history.turns
    ok = turns.which(is_acknowledged)
    grouped = axis.group(compress(turns.due, ok), compress(turns.latency, ok))
    p50, p99 = _percentiles(grouped)
    count = _counter(axis, turns)
    return Timeline(
        step_s=step,
        t=axis.times(),
        load_start=history.load_start,
        load_end=history.load_end,
        phases=[
            PhaseSpan(name=phase.name, start=phase.start, end=phase.end)
            for phase in load_phases(history)
        ],
        faults=[
            FaultSpan(id=f.id, start=f.start, end=f.end, recovered_at=f.recovered_at)
            for f in history.faults
        ],
        turns_ok=count(OUTCOME, OK),
        turns_failed=count(OUTCOME, FAIL),
        turns_info=count(OUTCOME, INFO),
        turns_retried=count(RETRIED, RETRIED),
        p50=p50,
        p99=p99,
        redis_bytes=axis.last((s.t, live_bytes(s)) for s in redis),
        redis_forecast_bytes=axis.last(_forecast(history, step)),
        redis_keys=axis.last(_readings(redis, "keys")),
        redis_expired=axis.last(_rising(redis, "expired_keys")),
        fleet_rss_bytes=axis.last(fleet_rss(history, step)),
        host_cpu_percent=axis.last(_of(history, "host", "cpu_percent")),
        open_conversations=_open_conversations(axis, history),
    )


def _forecast(history: History, step: float) -> list[tuple[float, float]]:
    if history.forecast is None or history.load_start is None:
        return []
    points = history.forecast.points(history.load_start, step)
    return [(t, size) for t, size in points if t <= history.last_moment]


def _percentiles(groups: list[array[float]]) -> tuple[list[float | None], list[float | None]]:
    p50: list[float | None] = []
    p99: list[float | None] = []
    for group in groups:
        values = ascending(group)
        p50.append(percentile(values, 50) if values else None)
        p99.append(percentile(values, 99) if values else None)
    return p50, p99


def _open_conversations(axis: _Axis, history: History) -> list[float | None]:
    """The sum over all processes of the generator."""
    each = [
        axis.last(_of(history, source, "open_conversations"))
        for source in history.samples_by_source
        if source.partition(":")[0] == "generator"
    ]
    if not each:
        return axis.last(())
    steps = ([value for value in step if value is not None] for step in zip(*each, strict=True))
    return [sum(values) if values else None for values in steps]


class _Axis:
    """Steps of equal width from `start`, `count` of them."""

    def __init__(self, start: float, step: float, count: int) -> None:
        self._start = start
        self._step = step
        self._count = count

    def zeros(self) -> list[int]:
        return [0] * self._count

    def times(self) -> list[float]:
        return [self._start + number * self._step for number in range(self._count)]

    def _places(self, times: Iterable[float]) -> Iterator[int]:
        """The step of each time."""
        start, step, last = self._start, self._step, self._count - 1
        for t in times:
            place = int((t - start) // step)
            # The very last moment is on the far edge of the last step.
            yield place if 0 <= place <= last else min(max(0, place), last)

    def group(self, times: Iterable[float], values: Iterable[float]) -> list[array[float]]:
        """The values of each step."""
        groups = [array("d") for _ in range(self._count)]
        for place, value in zip(self._places(times), values, strict=True):
            groups[place].append(value)
        return groups

    def count(self, kinds: Iterable[int], times: Iterable[float]) -> dict[int, list[int]]:
        """For each kind of item, the number of items in each step."""
        counts: defaultdict[int, list[int]] = defaultdict(self.zeros)
        for (kind, place), count in Counter(zip(kinds, self._places(times), strict=True)).items():
            counts[kind][place] = count
        return counts

    def last(self, points: Iterable[tuple[float, float]]) -> list[float | None]:
        values: list[float | None] = [None] * self._count
        points = list(points)
        for place, (_, value) in zip(self._places(t for t, _ in points), points, strict=True):
            values[place] = value
        return values


def _counter(axis: _Axis, turns: Turns) -> Callable[[int, int], list[int]]:
    """Counts the turns of each step whose state has some bits."""
    by_state = axis.count(turns.state, turns.done)

    def count(bits: int, wanted: int) -> list[int]:
        groups = [group for state, group in by_state.items() if state & bits == wanted]
        return list(map(sum, zip(axis.zeros(), *groups, strict=True)))

    return count


def _readings(samples: Iterable[Sample], name: str) -> Iterable[tuple[float, float]]:
    return ((sample.t, sample.values[name]) for sample in samples if name in sample.values)


def _of(history: History, source: str, name: str) -> Iterable[tuple[float, float]]:
    return _readings(history.samples_by_source.get(source, []), name)


def _rising(samples: Iterable[Sample], name: str) -> Iterable[tuple[float, float]]:
    """A counter without its resets; each restart of the server resets it to 0."""
    previous: float | None = None
    total = 0.0
    for t, value in _readings(samples, name):
        if previous is not None:
            total += value if value < previous else value - previous
        previous = value
        yield t, total
