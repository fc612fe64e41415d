"""The progress of a run on the terminal: rate, p99, errors, current fault, remaining time."""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import Protocol, TextIO

from reports.measures.percentiles import percentile
from reports.records import Outcome, TurnRecord

_WINDOW_S = 5.0
_QUIET_STEP_S = 10.0
_TERMINAL_STEP_S = 0.5


class Listener(Protocol):
    """Hears what is shown, also of a quiet run."""

    def said(self, text: str) -> None:
        """A line was printed."""

    def shown(self, now: float, phase: str, fault: str | None, left_s: float) -> None:
        """The state of the run, as `Progress.show` takes it."""


class Progress:
    """One line that is rewritten on a terminal; elsewhere one line every ten seconds.

    A quiet one shows problems and nothing else.
    """

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._terminal = self._stream.isatty()
        self._step = _TERMINAL_STEP_S if self._terminal else _QUIET_STEP_S
        self._next = 0.0
        self._begun = time.monotonic()
        self._turns: deque[TurnRecord] = deque()
        self._errors = 0
        self._total = 0
        self.listener: Listener | None = None

    def say(self, text: str) -> None:
        """Print a line that stays, with the seconds since the start."""
        self._hear(text)
        self._print(f"{self._elapsed():>4.0f} s  {text}", stays=True)

    def problem(self, text: str) -> None:
        """Print a line about a problem, also when quiet."""
        self._hear(text)
        self._write(f"{self._elapsed():>4.0f} s  {text}", stays=True)

    def note(self, text: str) -> None:
        """Show a line that the next one replaces; without a terminal, at most every ten seconds."""
        self._hear(text)
        if self._terminal or time.monotonic() >= self._next:
            self._next = time.monotonic() + self._step
            self._line(text)

    def add(self, turns: list[TurnRecord]) -> None:
        """Count finished turns."""
        self._turns.extend(turns)
        self._total += len(turns)
        self._errors += sum(turn.outcome is not Outcome.OK for turn in turns)

    def show(self, now: float, phase: str, fault: str | None, left_s: float) -> None:
        """Show where the run is, if it is time to; `now` is run time."""
        if self.listener is not None:
            self.listener.shown(now, phase, fault, left_s)
        if self._is_time():
            self._line(
                f"{phase:<12} {self._figures(now)}   fault: {fault or 'none'}   "
                f"{max(0.0, left_s):.0f} s left"
            )

    def _hear(self, text: str) -> None:
        if self.listener is not None:
            self.listener.said(text)

    def _is_time(self) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self._step
        return True

    def _figures(self, now: float) -> str:
        """Rate and p99 of the last seconds, and all turns and errors so far."""
        while self._turns and self._turns[0].done < now - _WINDOW_S:
            self._turns.popleft()
        recent = sorted(turn.latency for turn in self._turns)
        p99 = f"p99 {percentile(recent, 99):.2f} s" if recent else "p99 -"
        return (
            f"{len(recent) / _WINDOW_S:>5.1f} turns/s   {p99:<11} {self._total:>6} turns   "
            f"{self._errors} errors"
        )

    def _line(self, text: str) -> None:
        """Show a line that the next one replaces; without a terminal it stays."""
        self._print(f"{self._elapsed():>4.0f} s  {text}", stays=not self._terminal)

    def _elapsed(self) -> float:
        return time.monotonic() - self._begun

    def _print(self, text: str, *, stays: bool) -> None:
        if not self._quiet:
            self._write(text, stays=stays)

    def _write(self, text: str, *, stays: bool) -> None:
        if self._terminal:
            text = "\r\x1b[K" + text
        self._stream.write(text + ("\n" if stays else ""))
        self._stream.flush()

    def clear(self) -> None:
        """Erase the progress line."""
        if self._terminal and not self._quiet:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
