"""The figures of one configuration, simulated or real, and their file."""

from __future__ import annotations

import json
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
    """CPU seconds of the replicas for a turn."""
    keeps_slo: bool
    """Whether the p99 is within the limit, and at least 99 % of the turns were acknowledged."""
    slowness: float = 1.0
    """Of a prediction: how many times slower than in the calibration the machine is."""
    reference_work_s: float | None = None
    """Of a measurement: as in `costs` of result.json, how slow the machine was."""


class File(Struct, frozen=True, kw_only=True):
    """`predictions.json` or `measurements.json`."""

    source: str
    """The calibration, or the machine."""
    reference_work_s: float | None = None
    """In the calibration: processor seconds of the fixed piece of work beside the load."""
    figures: dict[str, list[Figures]]
    """By the name of the configuration: of predictions one for each slowness of the machine, in
    ascending order; of measurements more than one where a run was repeated."""


def write(path: Path, file: File) -> None:
    """Write it, one line for each prediction or measurement.  Raises OSError."""
    rows = [
        f" {json.dumps(name)}: [\n" + ",\n".join(f"  {_line(each)}" for each in runs) + "\n ]"
        for name, runs in file.figures.items()
    ]
    head = (
        f'{{"source": {json.dumps(file.source)}, '
        f'"reference_work_s": {json.dumps(file.reference_work_s)}, "figures": {{\n'
    )
    path.write_text(head + ",\n".join(rows) + "\n}}\n", encoding="utf-8")


def _line(value: Struct | None) -> str:
    return msgspec.json.encode(value).decode()


def read(path: Path) -> File:
    """Read it.  Raises OSError or msgspec.DecodeError."""
    return msgspec.json.decode(path.read_bytes(), type=File)
