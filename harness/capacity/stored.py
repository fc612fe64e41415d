"""`capacity.json` in the directory of a capacity run: written after each probe, and read again."""

from __future__ import annotations

from pathlib import Path

from reports.capacity.findings import FILE, CapacityFindings
from reports.records import struct_file


def is_one(folder: Path) -> bool:
    """Whether this is the directory of a capacity run."""
    return (folder / FILE).is_file()


def write(folder: Path, findings: CapacityFindings) -> None:
    """Write it atomically: a reader sees the old or the new file."""
    struct_file.write(folder / FILE, findings)


def read(folder: Path) -> CapacityFindings:
    """Read it.  Raises HistoryError, one sentence, when it cannot be read or is not such a file."""
    return struct_file.read(folder / FILE, CapacityFindings, "the findings of a capacity run")
