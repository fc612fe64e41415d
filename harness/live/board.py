"""The state that the page and the metrics show; written by one thread, read by others."""

from __future__ import annotations

import threading
import time
from typing import Any

import msgspec

from reports.render import live
from reports.render.live import Now
from reports.render.view import Result
from reports.verdict.so_far import stopped

_READER_S = 3.0
"""A page that is open asks every second."""


class Board:
    """The newest state, and whether a page has asked for it."""

    def __init__(self, run_id: str) -> None:
        self._lock = threading.Lock()
        self._run_id = run_id
        self._now = Now("starting")
        self._result: Result | None = None
        self._waiting = 0
        self._parts = live.parts(None)
        self._number = 0
        self._over = False
        self._asked_at = float("-inf")

    @property
    def result(self) -> Result | None:
        """The newest result; None: nothing was judged yet."""
        return self._result

    @property
    def waiting(self) -> int:
        """The number of gates that are known only later."""
        return self._waiting

    @property
    def over(self) -> bool:
        """Whether this is the last state."""
        return self._over

    def show(self, now: Now) -> None:
        """Show these figures."""
        with self._lock:
            self._now = now

    def judged(self, result: Result, waiting: int = 0) -> None:
        """Show this result.  `waiting` gates are known only later."""
        parts = live.parts(result)
        with self._lock:
            self._result, self._parts, self._waiting = result, parts, waiting
            self._number += 1

    def end(self, now: Now, *, judged: bool = True) -> None:
        """The state is the last one; a run that is not `judged` was stopped."""
        result = self._result
        if result is not None and not judged:
            self.judged(stopped(result), self._waiting)
        with self._lock:
            self._now, self._over = now, True
            self._number += 1

    def page(self) -> str:
        """The whole page."""
        self._asked_at = time.monotonic()
        with self._lock:
            title, kind = live.title(self._result, self._now), live.kind(self._result)
            return live.page(title, kind, live.strip(self._now), self._parts, self._version)

    def state(self, after: str) -> bytes:
        """The state as JSON; without the report if its version is that of `after`."""
        self._asked_at = time.monotonic()
        with self._lock:
            state: dict[str, Any] = {
                "version": self._version,
                "title": live.title(self._result, self._now),
                "kind": live.kind(self._result),
                "strip": live.strip(self._now),
                "over": self._over,
            }
            if after != self._version:
                state["parts"] = self._parts
        return msgspec.json.encode(state)

    @property
    def _version(self) -> str:
        # A page that is left open may see the next run on the same port.
        return f"{self._run_id}-{self._number}"

    def is_read(self) -> bool:
        """Whether a page was open a moment ago."""
        return time.monotonic() - self._asked_at < _READER_S
