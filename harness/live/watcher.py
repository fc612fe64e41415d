"""The run's side: starts the process that shows it, and tells it the state of the run.

Nothing here can harm a run: a process that is gone or stuck gets no more lines.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import TypeVar

import msgspec

import diya_start
from chaos.fleet.guardian import RUN_ID_VARIABLE
from harness.live.messages import Farewell, Message, Orders, Over, Ready, Said, State
from harness.live.options import Watching
from harness.run.progress import Progress
from reports.basics.addresses import without_secrets

T = TypeVar("T")

_START_S = 20.0
_END_S = 75.0
"""Longer than the process waits for its last reader."""
_HANG_UP_S = 2.0
_EVERY_S = 0.5
_LONGEST = 400
"""Characters of a line that is shown: a message shorter than a pipe's unit is written whole."""


class Watcher:
    """One process that shows a run."""

    def __init__(self, run_dir: Path, watching: Watching, log: Path) -> None:
        """Start it; `ready` waits until it listens."""
        # Without the run's id: the guardian ends all that carry it before there is a verdict to
        # show.  If the harness dies, the process ends with its input.
        environment = {k: v for k, v in os.environ.items() if k != RUN_ID_VARIABLE}
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                diya_start.command("harness.live"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._lines, self._answers = self._process.stdin, self._process.stdout
        os.set_blocking(self._lines.fileno(), False)
        self._send(
            Orders(str(run_dir.absolute()), watching.page, watching.metrics, watching.collector)
        )
        self._shown_at = 0.0
        self._shown: State | None = None

    def ready(self) -> Ready:
        """Its addresses, or why there are none."""
        return self._answer(Ready, _START_S) or Ready(error="it did not answer")

    def said(self, text: str) -> None:
        """Show a line that was printed."""
        self._send(Said(text[:_LONGEST]))

    def shown(self, now: float, phase: str, fault: str | None, left_s: float) -> None:
        """Show the state of the run; `now` is run time."""
        state, before = State(now, phase, left_s, fault), self._shown
        same = before is not None and (before.phase, before.fault) == (phase, fault)
        if same and time.monotonic() < self._shown_at + _EVERY_S:
            return
        self._shown, self._shown_at = state, time.monotonic()
        self._send(state)

    def end(self, *, judged: bool) -> Farewell | None:
        """Say that the run is over and wait until its readers know; None: it was gone before."""
        self._send(Over(judged))
        try:
            return self._answer(Farewell, _END_S)
        finally:
            self.stop()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def hang_up(self) -> None:
        """Send no more lines: the process ends, as when the run is killed."""
        with contextlib.suppress(OSError):
            self._lines.close()

    def stop(self) -> None:
        """End the process: it removes its copy of the records, unless it is stuck."""
        self.hang_up()
        try:
            self._process.wait(_HANG_UP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()

    def _send(self, message: Message | Orders) -> None:
        with contextlib.suppress(OSError, ValueError):
            os.write(self._lines.fileno(), msgspec.json.encode(message) + b"\n")

    def _answer(self, kind: type[T], seconds: float) -> T | None:
        """Its next line; None when it ends, or says nothing for so long."""
        with DefaultSelector() as selector:
            selector.register(self._answers, EVENT_READ)
            if not selector.select(seconds):
                return None
        try:
            return msgspec.json.decode(self._answers.readline(), type=kind)
        except msgspec.DecodeError:
            return None


@contextlib.contextmanager
def shown(run_dir: Path, watching: Watching, progress: Progress) -> Iterator[None]:
    """Show the run of the block as `watching` says; it costs nothing where nothing is wanted."""
    if not watching.wanted:
        yield
        return
    watcher = Watcher(run_dir, watching, run_dir / "logs" / "live.log")
    judged = False
    try:
        _tell(watcher.ready(), watching, progress)
        progress.listener = watcher
        yield
        judged = True
    finally:
        progress.listener = None
        farewell = watcher.end(judged=judged)
        if farewell is not None and farewell.unsent_spans:
            progress.problem(
                f"--otlp: the collector did not take {farewell.unsent_spans} spans: {farewell.why}"
            )


def _tell(ready: Ready, watching: Watching, progress: Progress) -> None:
    if ready.error is not None:
        progress.problem(f"the run goes on without a page, metrics and spans: {ready.error}")
        return
    if ready.page is not None:
        progress.problem(f"watch the run: {ready.page}")
    if ready.metrics is not None:
        progress.problem(f"metrics for Prometheus: {ready.metrics}")
    if watching.collector is not None:
        collector = without_secrets(watching.collector)
        progress.problem(f"spans of turns go to {collector}")
