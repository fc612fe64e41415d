"""Detects memory of replicas that grows turn by turn without limit.

A healthy process grows while its caches fill, and levels off.  A leaking one grows as much in the
second half of its turns as in the first.  Its turns are the run's turns since it first answered.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from reports.measures.percentiles import ascending
from reports.measures.redis_memory import REPLICA
from reports.records import Finding, Sample, Status
from reports.records.history import History

_MIB = 1024 * 1024
_GROWTH_BYTES = 32 * _MIB
_GROWTH_SHARE = 0.1
"""Allowed growth of a process in the second half of its turns: bytes, plus a share of its size.
Measured with the reference service: 6 to 10 MiB of 130."""
_FEWEST_TURNS = 50
"""Fewest turns of the run during the life of a process; with fewer its caches still fill."""
_FEWEST_TURNS_LATE = 2 * _FEWEST_TURNS
"""The same to judge the last quarter of its turns alone.  There the reference service grows by at
most 2.3 MiB, measured in 61 processes."""
_GAP_S = 3.5
"""After a longer time without a sample, it is another process."""
_DROP = 0.8
"""A process whose memory falls below this share of the previous sample is another one."""
_PARTS = 4
_PARTS_GROWN = 3
"""The parts of that time, and how many of them must have grown, since one step is no leak."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth of one replica process in the second half of its turns, or the last quarter; bytes."""

    replica: str
    start: float
    end: float
    """Run time at the beginning and end of that part."""
    before: float
    after: float
    steady: bool
    """Whether it grew in nearly every part of that time."""
    when: str = "second half"
    """The part of its turns, in words."""

    @property
    def limit(self) -> float:
        """The allowed growth."""
        return _GROWTH_BYTES + _GROWTH_SHARE * self.before

    @property
    def leaks(self) -> bool:
        """Whether it grew by more, and steadily."""
        return self.steady and self.after - self.before > self.limit


def check_replica_memory(history: History) -> list[Finding]:
    """Gate the growth of the replicas' processes; no finding if the target shows none."""
    name = "memory.replicas"
    sampled = [s for s in history.samples_by_source if s.startswith(REPLICA)]
    if not sampled:
        return []
    grown = history.once(growths)
    if not grown:
        summary = "Whether the replicas' memory grows turn by turn is not known: no process of one "
        summary += f"was sampled for {_FEWEST_TURNS} turns (not counted)"
        return [
            Finding(name, "run", Status.UNKNOWN, None, None, "bytes", summary, out_of_sight=True)
        ]
    worst = max(grown, key=lambda growth: (growth.leaks, growth.after - growth.before))
    leaking = [growth for growth in grown if growth.leaks]
    rise = worst.after - worst.before
    return [
        Finding(
            check=name,
            phase="run",
            status=Status.FAIL if leaking else Status.PASS,
            value=rise,
            limit=worst.limit,
            unit="bytes",
            summary=f"{worst.replica} grew most in the {worst.when} of its turns: by "
            f"{rise / _MIB:.1f} MiB to {worst.after / _MIB:.0f} MiB, limit "
            f"{worst.limit / _MIB:.1f} MiB" + (f"; {len(leaking)} grow so" if leaking else ""),
            evidence=tuple(_line(growth) for growth in leaking[:20]),
        )
    ]


def _line(growth: Growth) -> str:
    return (
        f"{growth.replica}: {growth.before / _MIB:.1f} MiB at {growth.start:.1f} s, "
        f"{growth.after / _MIB:.1f} MiB at {growth.end:.1f} s"
    )


def growths(history: History) -> list[Growth]:
    """The growth of every replica process that lived long enough."""
    done, answered = ascending(history.turns.done), _answered(history)
    found = []
    for source, samples in history.samples_by_source.items():
        if source.startswith(REPLICA):
            name = source.removeprefix(REPLICA)
            for life in _lives([s for s in samples if "rss" in s.values]):
                growth = _growth(name, _serving(life, answered.get(name, ())), done)
                if growth is not None:
                    found.append(growth)
    return found


def _answered(history: History) -> dict[str, Sequence[float]]:
    """The times of each replica's answers, run time, ascending."""
    turns = history.turns
    moments: list[array[float]] = [array("d") for _ in turns.replicas]
    for place, done in zip(turns.replica, turns.done, strict=True):
        moments[place].append(done)
    named = zip(turns.replicas, moments, strict=True)
    return {name: ascending(times) for name, times in named if name is not None}


def _serving(life: Sequence[Sample], answered: Sequence[float]) -> Sequence[Sample]:
    """The samples of a process since its first answer, because it grows by its imports before."""
    first = bisect_left(answered, life[0].t)
    if first == len(answered):
        return []
    return [sample for sample in life if sample.t >= answered[first]]


def _lives(samples: Sequence[Sample]) -> Iterator[Sequence[Sample]]:
    """The samples of each process of a replica."""
    begin = 0
    for number in range(1, len(samples)):
        was, now = samples[number - 1], samples[number]
        another = was.values.get("pid") != now.values.get("pid")
        shrunk = now.values["rss"] < _DROP * was.values["rss"]
        if another or shrunk or now.t - was.t > _GAP_S:
            yield samples[begin:number]
            begin = number
    if samples:
        yield samples[begin:]


def _growth(replica: str, life: Sequence[Sample], done: Sequence[float]) -> Growth | None:
    if not life:
        return None
    first, last = bisect_right(done, life[0].t), bisect_right(done, life[-1].t)
    if last - first < _FEWEST_TURNS:
        return None
    half = _grown(replica, life, done, last, (last - first) / 2)
    if half.leaks or last - first < _FEWEST_TURNS_LATE:
        return half
    # A leak that began late is steady only in the last part.
    quarter = _grown(replica, life, done, last, (last - first) / 4)
    return replace(quarter, when="last quarter") if quarter.leaks else half


def _grown(
    replica: str, life: Sequence[Sample], done: Sequence[float], last: int, turns: float
) -> Growth:
    """The growth over this many turns until the last one."""
    places = [round(last - turns + turns * part / _PARTS) for part in range(_PARTS)]
    moments = [*(done[place - 1] for place in places), done[last - 1]]
    sizes = [_at(life, moment) for moment in moments]
    rise = sizes[-1] - sizes[0]
    grown = sum(b - a > rise / (_PARTS * _PARTS) for a, b in pairwise(sizes))
    return Growth(
        replica, moments[0], moments[-1], sizes[0], sizes[-1], steady=grown >= _PARTS_GROWN
    )


def _at(life: Sequence[Sample], moment: float) -> float:
    """Bytes at the last sample before a moment, or at the first."""
    number = bisect_right(life, moment, key=lambda sample: sample.t)
    return life[max(0, number - 1)].values["rss"]
