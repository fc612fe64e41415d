"""All processes of this machine at one moment, with their parents and their CPU: Linux alone."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """One of them."""

    pid: int
    parent: int
    name: str
    """Of its program, cut off after 15 characters."""
    began: float
    """Seconds since the start of the machine, to 10 ms."""
    own_s: float
    """Processor seconds so far, without those of its children."""
    waited_s: float
    """Processor seconds of its children that ended and that it has waited for."""


def read() -> dict[int, Process]:
    """The processes by their pids; empty where the kernel does not show them."""
    found = {}
    for name in os.listdir(_PROC) if _PROC.is_dir() else ():
        if name.isdigit():
            # It may end while the others are read.
            with contextlib.suppress(OSError):
                found[int(name)] = _parsed(int(name), (_PROC / name / "stat").read_bytes())
    return found


def command_line(pid: int) -> list[str]:
    """The words of its command line; empty if it has ended or does not show them."""
    with contextlib.suppress(OSError):
        words = (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
        return words[:-1]
    return []


def tree_seconds(processes: Mapping[int, Process], roots: set[int]) -> dict[int, float]:
    """Root → the processor seconds of it and all below it so far, those of ended children included.

    A process below two roots counts for the nearer one.
    """
    total = dict.fromkeys(roots, 0.0)
    for process in processes.values():
        above: Process | None = process
        while above is not None and above.pid not in roots:
            above = processes.get(above.parent)
        if above is not None:
            total[above.pid] += process.own_s + process.waited_s
    return total


def _parsed(pid: int, stat: bytes) -> Process:
    # The name is in brackets, and may hold brackets and spaces itself.
    head, _, tail = stat.rpartition(b")")
    fields = tail.split()
    user, system, waited_user, waited_system = (int(each) for each in fields[11:15])
    return Process(
        pid=pid,
        parent=int(fields[1]),
        name=head.partition(b"(")[2].decode(errors="replace"),
        began=int(fields[19]) / _TICKS,
        own_s=(user + system) / _TICKS,
        waited_s=(waited_user + waited_system) / _TICKS,
    )
