"""Whether this machine has the memory and the disk for a Redis of this many sessions."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.run.sampling.free_memory import free_memory
from loadtests.arrivals.redis_sizes import of_server
from loadtests.arrivals.steady_state import SteadyState

_MEMORY_FACTOR = 2.5
"""Memory that must be free, in multiples of the live sessions': a rewrite may need once again what
they take."""
_DISK_FACTOR = 2.5
"""The append-only file, a rewritten one beside it, and what the turns add."""


def shortage(sessions: int, steady: SteadyState, directory: Path) -> str:
    """What the sessions need and what is free, without the subject; empty: there is room.

    `directory` is where the files of Redis will be; it need not exist yet.
    """
    sizes = of_server("redis")
    live = sizes.server + steady.live_bytes(steady.rate(sessions), sizes)
    directory = directory.absolute()
    there = next(each for each in (directory, *directory.parents) if each.is_dir())
    memory, disk = free_memory(), shutil.disk_usage(there).free
    if live * _MEMORY_FACTOR <= memory and live * _DISK_FACTOR <= disk:
        return ""
    return (
        f"{_gb(live * _MEMORY_FACTOR)} of memory and {_gb(live * _DISK_FACTOR)} of disk below "
        f"{there} must be free, got {_gb(memory)} and {_gb(disk)}"
    )


def _gb(value: float) -> str:
    return f"{value / 1e9:.1f} GB"
