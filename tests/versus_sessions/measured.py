"""A measurement of session services: the form of `measured.json`."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

FILE = Path(__file__).parent / "measured.json"
"""The measurement that the page shows."""


class Play(Struct, frozen=True, kw_only=True):
    """One run of diya.  Figures are None where they were not measured."""

    command: tuple[str, ...]
    """The words of `diya`."""
    verdict: str
    headline: str
    failing: tuple[str, ...]
    """The gates that failed."""
    tries: int
    """The runs until one was sound."""
    violations: dict[str, int]
    """Kind → turns; kinds without a violation are left out."""
    turns: int
    """Acknowledged."""
    failed: int
    moved: int
    """Turns that another replica answered than the turn before."""
    conversations: int
    """Read back."""
    outages: tuple[float, ...]
    """The longest time without an answer, of each fault, seconds."""
    others_cpu: float | None
    """The most that processes beside the run used over 5 s, as a share of the machine."""
    steady_turns: int
    p50_s: float | None
    p99_s: float | None
    replica_cpu_s: float | None
    """A turn."""
    store_cpu_s: float | None
    """A turn, of Redis's main thread or of the whole database."""
    store_trips: float | None
    """Round trips between the replicas and the store, a turn."""
    store_bytes: float | None
    """Bytes between the replicas and the store, both ways, a turn."""
    session_bytes: float | None
    """Bytes in Redis for each live session."""


class Row(Struct, frozen=True, kw_only=True):
    """One service."""

    name: str
    missing: str = ""
    """Why it was not played; empty when it was."""
    calm: Play | None = None
    """Nothing breaks: the figures are of this one."""
    replicas: Play | None = None
    """While replicas are killed."""
    store: Play | None = None
    """While its store is killed; None: it has no server."""


class Measured(Struct, frozen=True, kw_only=True):
    """The whole measurement."""

    date: str
    """The day, UTC."""
    machine: dict[str, str]
    versions: dict[str, str]
    seed: int
    replicas: int
    rows: tuple[Row, ...]


def read(file: Path) -> Measured:
    """Raises msgspec.ValidationError for another form."""
    return msgspec.json.decode(file.read_bytes(), type=Measured)


def write(file: Path, measured: Measured) -> None:
    """Readable, and the same for the same measurement."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(measured, order="sorted")) + b"\n")
