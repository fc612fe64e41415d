"""The figures of one configuration, simulated or real, and their file."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

PREDICTIONS, MEASUREMENTS = "predictions.json", "measurements.json"


class Figures(Struct, frozen=True, kw_only=True):
    """Of the measured part of one run; a turn counts if it was due in it."""

    rate: float
    """Turns a second that were planned."""
    turns: int
    goodput_per_s: float
    """Turns a second that were answered within the limit of the profile's SLO."""
    p50_s: float | None
    """None: no turn was acknowledged."""
    p99_s: float | None
    memory_bytes: float
    """The growth of Redis's memory from the end of the warm-up to its largest."""
    turn_cpu_s: float | None = None
    """CPU seconds of the replicas for a turn; of a prediction those of the calibration."""
    keeps_slo: bool
    """Whether the p99 is within the limit, and at least 99 % of the turns were acknowledged."""


class File(Struct, frozen=True, kw_only=True):
    """`predictions.json` or `measurements.json`."""

    source: str
    """The calibration, or the machine."""
    figures: dict[str, list[Figures]]
    """By the name of the configuration; more than one where a run was repeated."""


def write(path: Path, file: File) -> None:
    """Write it, readable.  Raises OSError."""
    text = msgspec.json.format(msgspec.json.encode(file), indent=1)
    path.write_bytes(text + b"\n")


def read(path: Path) -> File:
    """Read it.  Raises OSError or msgspec.DecodeError."""
    return msgspec.json.decode(path.read_bytes(), type=File)
