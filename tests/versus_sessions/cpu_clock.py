"""The processor time of a database, noted while a run goes on."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Self

from chaos.fleet.postgres import Postgres
from reports.measures.spans import Span

_STEP_S = 0.2


class CpuClock:
    """Notes the total a few times a second, from `with` to its end."""

    def __init__(self, postgres: Postgres | None) -> None:
        """None: there is no database, and nothing is noted."""
        self._postgres = postgres
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._note, name="cpu-clock", daemon=True)
        self.noted: list[tuple[float, float]] = []
        """Unix time, seconds of the processor since the database was started."""

    def __enter__(self) -> Self:
        if self._postgres is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._postgres is not None:
            self._thread.join()

    def used(self, spans: Sequence[Span]) -> float | None:
        """Seconds of the processor in these spans of Unix time, which hold no restart."""
        total = 0.0
        for since, until in spans:
            first = bisect_left(self.noted, since, key=_moment)
            last = bisect_right(self.noted, until, key=_moment) - 1
            if last <= first or self.noted[last][1] < self.noted[first][1]:
                return None
            total += self.noted[last][1] - self.noted[first][1]
        return total

    def _note(self) -> None:
        assert self._postgres is not None
        while not self._ended.wait(_STEP_S):
            spent = self._postgres.cpu_s()
            if spent is not None:
                self.noted.append((time.time(), spent))


def _moment(noted: tuple[float, float]) -> float:
    return noted[0]
