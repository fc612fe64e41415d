"""`capacity.json` in the directory of a capacity run: written after each probe, and read again."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from reports.capacity.findings import FILE, CapacityFindings
from reports.records.errors import HistoryError


def is_one(folder: Path) -> bool:
    """Whether this is the directory of a capacity run."""
    return (folder / FILE).is_file()


def write(folder: Path, findings: CapacityFindings) -> None:
    """Write it atomically: a reader sees the old or the new file."""
    scratch = folder / f"{FILE}.new"
    scratch.write_bytes(msgspec.json.format(msgspec.json.encode(findings), indent=1) + b"\n")
    os.replace(scratch, folder / FILE)


def read(folder: Path) -> CapacityFindings:
    """Read it.  Raises HistoryError, one sentence, when it cannot be read or is not such a file."""
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=CapacityFindings)
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise HistoryError(f"{path}: must be the findings of a capacity run: {error}") from None
