"""Tells whether a run is under way: its harness holds a lock on the run directory.

The kernel releases the lock when the harness ends, in whatever way.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from harness.errors import ConfigError
from reports.records import run_file
from reports.records.errors import HistoryError
from reports.records.run_description import RunDescription

NEWEST = "newest"
"""The word for the newest run that is under way."""


@contextlib.contextmanager
def held(run_dir: Path) -> Iterator[None]:
    """Show during the block that the run is under way."""
    folder = os.open(run_dir, os.O_RDONLY)
    try:
        # A file system without locks takes no marks from other processes, but it plays the run.
        with contextlib.suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(folder)


def is_under_way(run_dir: Path) -> bool:
    """Whether a harness plays the run of this directory."""
    try:
        folder = os.open(run_dir, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        # Shared, so that two commands that ask at the same time do not take each other for a run.
        fcntl.flock(folder, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(folder)
    return False


def newest(out: Path) -> Path:
    """The newest run in the folder `out` that is under way.  Raises ConfigError without one."""
    found: list[tuple[float, Path]] = []
    for file in out.glob(f"*/{run_file.FILE}"):
        if is_under_way(file.parent):
            with contextlib.suppress(HistoryError):  # it ended and was removed meanwhile
                found.append((run_file.read(file.parent, RunDescription).origin, file.parent))
    if not found:
        raise ConfigError(
            f"--run {NEWEST}: no run in {out}/ is under way; give the directory of a run that was "
            "started with --out elsewhere"
        )
    return max(found)[1]
