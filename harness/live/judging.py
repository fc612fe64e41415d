"""Judges a running run again and again, at no more than a tenth of one core."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from harness.live.board import Board
from harness.live.snapshot import Snapshot
from reports.records.errors import HistoryError
from reports.verdict import judge
from reports.verdict.so_far import Failure, InProgress, so_far

_PAUSE_S = 2.0
_SHARE = 0.1
"""Judging may take this share of the time."""


class Judging:
    """A thread that judges the records so far, and puts the results on the board."""

    def __init__(
        self, run_dir: Path, board: Board, faults: Callable[[], tuple[InProgress, ...]]
    ) -> None:
        """`faults` gives those in progress."""
        self._run_dir, self._board, self._faults = run_dir, board, faults
        self._stop = threading.Event()
        self._failed: frozenset[Failure] = frozenset()
        self.judged_at: float | None = None
        """The run time up to which the newest result is; None: there is none."""
        self._folder: Path | None = None
        """The copy of the records, once the load has begun."""
        self._thread = threading.Thread(target=self._follow, name="judging", daemon=True)

    def start(self) -> None:
        """Begin; the load has begun."""
        if self._thread.ident is None:
            # Without room for the copy, the page has no report.
            with contextlib.suppress(OSError):
                self._folder = Path(tempfile.mkdtemp(prefix=f"diya-live-{os.getpid()}-"))
                self._thread.start()

    def end(self, *, judged: bool) -> None:
        """Show the result of the run, if it is `judged`, and judge no more."""
        self._stop.set()
        if not judged:
            return
        try:
            result = json.loads((self._run_dir / judge.RESULT_FILE).read_bytes())
        except (OSError, ValueError):
            return
        self._board.judged(result)
        self.judged_at = float(result["duration_s"])

    def close(self) -> None:
        """Remove the copy of the records."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _follow(self) -> None:
        assert self._folder is not None
        snapshot = Snapshot(self._run_dir, self._folder)
        while not self._stop.is_set():
            begun = time.thread_time()
            # A report that cannot be made is missing; the page says how old the one is that it has.
            with contextlib.suppress(HistoryError, OSError):
                self._judge(snapshot)
            used = time.thread_time() - begun
            self._stop.wait(max(_PAUSE_S, used / _SHARE))

    def _judge(self, snapshot: Snapshot) -> None:
        before = self._faults()
        history = snapshot.history()
        faults = {each.id: each for each in (*before, *self._faults())}
        found = so_far(history, tuple(faults.values()), self._failed)
        if not faults:
            self._failed = found.failed
        if not self._stop.is_set():
            self.judged_at = history.last_moment
            self._board.judged(found.result, found.waiting)
