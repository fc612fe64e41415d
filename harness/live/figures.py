"""The figures of a running run, counted from the records as they are written."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from contextlib import suppress
from pathlib import Path

from harness.run.directory.record_tail import Tail
from loadtests.profiles import journeys
from loadtests.profiles import profile as profiles
from loadtests.profiles.rate_curve import Curve
from reports.measures.percentiles import percentile
from reports.records import (
    ConversationRecord,
    FaultMark,
    FaultWindow,
    LoadMark,
    Outcome,
    Sample,
    TurnRecord,
)
from reports.records.fault_mark import still_open
from reports.records.run_description import RunDescription
from reports.records.run_file import read

WINDOW_S = 5.0
_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 60.0)
"""Seconds; the limits of the profile's objectives are added."""


class Histogram:
    """Counts of seconds by upper bound, as Prometheus has them."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """The values up to each bound and above the one before; the last: above all."""
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        place = next((n for n, bound in enumerate(self.bounds) if value <= bound), -1)
        self.counts[place] += 1
        self.sum += max(0.0, value)

    def buckets(self) -> list[tuple[str, float]]:
        """The bounds in words, each with the number of values up to it."""
        total, found = 0, []
        for bound, count in zip((*map(repr, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


class Figures:
    """Follows the records of one run.  Its lock guards every field."""

    def __init__(self, run_dir: Path) -> None:
        self.lock = threading.Lock()
        self.run = read(run_dir, RunDescription)
        limits = (self.run.profile.get("slo") or {}).items()
        self.limits = {name: float(value) for name, value in limits if value is not None}
        bounds = {value for name, value in self.limits.items() if name.endswith("_s") and value > 0}
        ordered = tuple(sorted({*_BUCKETS, *bounds}))
        self.latency = Histogram(ordered)
        """Seconds of acknowledged turns, from the intended time."""
        self.first_token = Histogram(ordered)
        self.outcomes: Counter[str] = Counter(dict.fromkeys(Outcome, 0))
        self.retries = 0
        self.fates: Counter[str] = Counter()
        self.planned: float | None = None
        """The number of planned conversations."""
        self.load_start: float | None = None
        self.faults: list[FaultWindow] = []
        self.samples: dict[str, dict[str, float]] = {}
        """The newest values of each source."""
        self._run_dir = run_dir
        self._curve: Curve | None = None
        self._recent: deque[tuple[float, float]] = deque()
        """End and latency of the turns of the last seconds."""
        self._marks: list[FaultMark] = []
        kinds = (TurnRecord, ConversationRecord, FaultWindow, FaultMark, LoadMark, Sample)
        self._tails = {kind: Tail(run_dir, kind) for kind in kinds}

    def look(self) -> list[TurnRecord]:
        """Count the new records; returns the new turns."""
        new = {kind: tail.read() for kind, tail in self._tails.items()}
        turns: list[TurnRecord] = new[TurnRecord]
        with self.lock:
            for turn in turns:
                self._count(turn)
            self.fates.update(each.fate for each in new[ConversationRecord])
            self.faults += new[FaultWindow]
            self._marks += new[FaultMark]
            for mark in new[LoadMark]:
                self._follow(mark)
            for sample in new[Sample]:
                self.samples[sample.source] = sample.values
        return turns

    def _count(self, turn: TurnRecord) -> None:
        self.outcomes[turn.outcome] += 1
        self.retries += turn.attempts - 1 if turn.attempts else 0
        self._recent.append((turn.done, turn.latency))
        if turn.outcome is Outcome.OK:
            self.latency.add(turn.latency)
            if turn.first_token is not None:
                self.first_token.add(turn.first_token - turn.due)

    def _follow(self, mark: LoadMark) -> None:
        if mark.mark == "start":
            self.load_start = mark.t
            self.planned = mark.values.get("arrivals")
            # Read again, because the rehearsal has sized the load.
            self.run = read(self._run_dir, RunDescription)
            # Without a profile that can be played, only the planned rate is missing.
            with suppress(ValueError):
                own = self.run.journeys
                book = None if own is None else journeys.from_dict(own).journeys
                self._curve = profiles.from_dict(self.run.profile, "run.json", book).curve()
        elif mark.mark == "spike" and self.planned is not None:
            self.planned += mark.values.get("arrivals", 0.0)

    def marked(self) -> list[str]:
        """The faults of other tools that are marked as begun and not as ended."""
        return list(still_open(self._marks))

    def recent(self, now: float) -> list[float]:
        """The latencies of the last seconds before run time `now`, ascending."""
        with self.lock:
            while self._recent and self._recent[0][0] < now - WINDOW_S:
                self._recent.popleft()
            return sorted(latency for _, latency in self._recent)

    def planned_rate(self, now: float) -> float | None:
        """Conversations a second that the plan begins now; None before the load."""
        if self._curve is None or self.load_start is None:
            return None
        t = now - self.load_start
        return self._curve.rate(t) if 0 <= t < self._curve.seconds else 0.0

    def generator(self, name: str, worst: bool = False) -> float | None:
        """The newest value of the generator's processes: their sum, or the `worst`."""
        values = [
            each[name]
            for source, each in self.samples.items()
            if source.startswith("generator") and name in each
        ]
        if not values:
            return None
        return max(values) if worst else sum(values)


def p99(ordered: list[float]) -> float | None:
    """The 99th percentile; None without values."""
    return percentile(ordered, 99) if ordered else None


def by_source(samples: dict[str, dict[str, float]], prefix: str) -> dict[str, dict[str, float]]:
    """The samples of the sources with the prefix, by the rest of their names."""
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for source, values in samples.items():
        if source.startswith(prefix):
            found[source.removeprefix(prefix)] = values
    return dict(found)
