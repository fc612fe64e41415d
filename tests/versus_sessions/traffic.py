"""Bytes and round trips between the replicas and a database, counted by the kernel.

A replica reads the counters of a connection (TCP_INFO) whenever the pool gets it back, and keeps
its totals in a file of its own: what a killed replica has counted stays.  A connection's data
segments are its round trips, as each statement is sent in one piece and answered before the next.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event

_TCP_INFO_BYTES = 160
_BYTES_AT, _SEGMENTS_AT = 120, 156
"""`tcpi_bytes_acked` and `tcpi_bytes_received`; `tcpi_data_segs_out`: Linux, since 4.6."""
_STEP_S = 0.1
_LINE = struct.Struct("<dqqq")


@dataclass(frozen=True, slots=True)
class Traffic:
    """Totals of all replicas."""

    sent: int
    """Bytes into the database."""
    received: int
    trips: int

    @property
    def bytes(self) -> int:
        """Both ways."""
        return self.sent + self.received


def count(engine: Any, folder: Path) -> Counter:
    """Count the connections of this engine, in a file of this process."""
    counter = Counter(folder / f"{os.getpid()}-{time.time_ns()}")
    event.listen(engine, "checkin", counter.note)
    event.listen(engine, "close", counter.note)
    return counter


class Counter:
    """The totals of one engine's connections."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._seen: dict[int, tuple[int, int, int]] = {}
        """By connection; a new one may have the key of an old one, whose counters were higher."""
        self._total = [0, 0, 0]
        self._written = 0.0

    @property
    def trips(self) -> int:
        """Round trips so far."""
        return self._total[2]

    def note(self, connection: Any, _: object) -> None:
        """Add what this connection has done since it was last read."""
        transport = getattr(getattr(connection, "driver_connection", None), "_transport", None)
        sock = None if transport is None else transport.get_extra_info("socket")
        if sock is None:
            return
        try:
            now = _read(sock)
        except OSError:
            return  # it is closed already
        key = id(connection)
        before = self._seen.get(key, (0, 0, 0))
        if any(new < old for new, old in zip(now, before, strict=True)):
            before = (0, 0, 0)
        self._seen[key] = now
        self._total = [t + n - b for t, n, b in zip(self._total, now, before, strict=True)]
        if time.time() - self._written >= _STEP_S:
            self._written = time.time()
            os.write(self._file, _LINE.pack(self._written, *self._total))


def _read(sock: socket.socket) -> tuple[int, int, int]:
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    sent, received = struct.unpack_from("=QQ", info, _BYTES_AT)
    (segments,) = struct.unpack_from("=I", info, _SEGMENTS_AT)
    return sent, received, segments


def between(folder: Path, since: float, until: float) -> Traffic | None:
    """The traffic of all replicas between two moments (Unix time); None: nothing was counted."""
    files = [each.read_bytes() for each in folder.iterdir()]
    ends = [(_at(each, since), _at(each, until)) for each in files]
    if not any(files):
        return None
    return Traffic(*(sum(end[k] - start[k] for start, end in ends) for k in range(3)))


def _at(content: bytes, moment: float) -> Sequence[int]:
    last: Sequence[int] = (0, 0, 0)
    for at, *totals in _LINE.iter_unpack(content[: len(content) // _LINE.size * _LINE.size]):
        if at > moment:
            break
        last = totals
    return last
