"""What the records of a run do not hold about its CPU: kernel time, page faults, slow memory.

A thread of the recorder reads it once a second beside the run.  It costs about half a percent of a
core, the same on both sides.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from reports.measures.cpu_use import replica_names
from reports.records.history import History

_EVERY_S = 1.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_FAULTS, _SYSTEM = 7, 12
"""Places in /proc/PID/stat behind the name: faults without a disk, ticks in kernel mode."""
_STEAL = 8
"""Place in the first line of /proc/stat."""
_LARGE, _SMALL = 1 << 22, 1 << 8
"""Entries of 8 bytes: 32 MiB are more than the share of the cache, 2 KiB are always in it."""
_STEPS = 2000


@dataclass(frozen=True)
class Seen:
    """One reading.  Totals since the start of the process or of the machine."""

    at: float
    """Unix epoch seconds."""
    kernel_s: dict[int, float]
    """Process → seconds in kernel mode."""
    faults: dict[int, float]
    """Process → page faults without a disk."""
    stolen_s: float
    """Seconds of all processors that the machine's host gave to others."""
    memory_ns: float
    """Nanoseconds by which reading a value in much memory takes longer than in little."""


@dataclass
class Watched:
    """The readings of a run."""

    seen: list[Seen] = field(default_factory=list)


@contextmanager
def watch() -> Iterator[Watched]:
    """Read once a second until the end of the block."""
    found, stop, memory = Watched(), threading.Event(), _Memory()

    def run() -> None:
        while not stop.wait(_EVERY_S):
            found.seen.append(read(memory()))

    thread = threading.Thread(target=run, name="watch", daemon=True)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def read(memory_ns: float = 0.0) -> Seen:
    """All processes of this machine as they are now."""
    kernel, faults = {}, {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            # A process may have ended meanwhile.
            with contextlib.suppress(OSError):
                stat = Path("/proc", name, "stat").read_text()
                values = stat.rpartition(")")[2].split()
                kernel[int(name)] = int(values[_SYSTEM]) * _TICK_S
                faults[int(name)] = float(values[_FAULTS])
    stolen = int(Path("/proc/stat").read_text().split(maxsplit=_STEAL + 1)[_STEAL]) * _TICK_S
    return Seen(time.time(), kernel, faults, stolen, memory_ns)


class _Memory:
    """Follows a chain of places, each of which depends on the one before."""

    def __init__(self) -> None:
        self._small, self._large = _chain(_SMALL), _chain(_LARGE)
        self._place = 0

    def __call__(self) -> float:
        small = self._follow(self._small)
        return (self._follow(self._large) - small) / _STEPS * 1e9

    def _follow(self, chain: Sequence[int]) -> float:
        place = self._place % len(chain)
        before = time.thread_time()
        for _ in range(_STEPS):
            place = chain[place]
        took = time.thread_time() - before
        self._place = place
        return took


def _chain(length: int) -> array[int]:
    """A chain through all places in an order without a pattern."""
    addend = random.Random(f"chain/{length}").randrange(length // 4, length // 2) | 1
    # With an odd addend and a factor of 1 modulo 4, the sequence visits every place once.
    return array("q", [(5 * place + addend) % length for place in range(length)])


def seconds_of(history: History, watched: Watched) -> dict[str, list[float]]:
    """Values of each whole second of the load; empty without a load or without readings around it.

    For each replica the milliseconds in kernel mode and the page faults; of the machine the
    milliseconds that its host gave to others, and the nanoseconds of `Seen.memory_ns`.
    """
    start, end = history.load_start, history.load_end
    if start is None or end is None or len(watched.seen) < 2:
        return {}
    times = [each.at - history.run.origin for each in watched.seen]
    marks = [start + second for second in range(int(end - start) + 1)]
    if times[0] > marks[0] or times[-1] < marks[-1]:
        return {}
    found = {}
    for name in replica_names(history):
        pid = int(history.samples_by_source[name][-1].values.get("pid", 0))
        for what, totals in (
            ("kernel", [1000 * each.kernel_s.get(pid, 0.0) for each in watched.seen]),
            ("faults", [each.faults.get(pid, 0.0) for each in watched.seen]),
        ):
            found[f"{name}:{what}"] = rises(times, totals, marks)
    stolen = [1000 * each.stolen_s for each in watched.seen]
    found["stolen"] = rises(times, stolen, marks)
    found["memory"] = [
        round(watched.seen[bisect_right(times, mark) - 1].memory_ns, 1) for mark in marks[1:]
    ]
    return found


def rises(times: Sequence[float], totals: Sequence[float], marks: Sequence[float]) -> list[float]:
    """The rise of a total from each mark to the next, between readings on a straight line.

    The marks lie within the times.
    """
    at_marks = []
    for mark in marks:
        place = min(max(bisect_right(times, mark), 1), len(times) - 1)
        before, after = times[place - 1], times[place]
        part = (mark - before) / (after - before)
        at_marks.append(totals[place - 1] + part * (totals[place] - totals[place - 1]))
    return [round(b - a, 1) for a, b in pairwise(at_marks)]
