"""Writes records as lines into the files of a run directory, and defines their clock."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import msgspec
from msgspec import NODEFAULT, Struct, structs

from reports.records.types import FILES, Record

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


def digest(text: str) -> str:
    """16 hex digits of SHA-256 over the UTF-8 text, outer white space removed."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:16]


def chain(digests: Iterable[str]) -> str:
    """Roll digests into one: h(k) = digest(h(k-1) + d(k)), h(0) = ''."""
    rolled = ""
    for item in digests:
        rolled = digest(rolled + item)
    return rolled


class RunClock:
    """Run time: seconds since `origin`, monotonic within this process."""

    def __init__(self, origin: float) -> None:
        self._offset = time.time() - time.monotonic() - origin

    def now(self) -> float:
        """Seconds since the run's origin."""
        return time.monotonic() + self._offset


def to_json(record: Record) -> bytes:
    """One line of JSON, without a newline.  Fields that hold their default are left out."""
    values = structs.asdict(record)
    for name, default in _defaults(type(record)):
        if values[name] == default:
            del values[name]
    for name, value in values.items():
        if type(value) is float:
            values[name] = round(value, 6)
    return _encode(values)


def from_json(kind: type[T], line: str | bytes) -> T:
    """Read one line back as `kind`.

    Raises ValueError for anything that is not such a record: unknown fields, missing fields,
    a number that is none, or a line cut off in the middle.
    """
    try:
        return decoder(kind)(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from None


def decoder(kind: type[T]) -> Callable[[bytes | str], T]:
    """Like `from_json`, for many lines.  Raises msgspec.DecodeError or UnicodeDecodeError."""
    return msgspec.json.Decoder(kind).decode


@cache
def _defaults(kind: type[Struct]) -> tuple[tuple[str, Any], ...]:
    """Names and defaults of the fields that have one."""
    fields = structs.fields(kind)
    return tuple((each.name, each.default) for each in fields if each.default is not NODEFAULT)


class Recorder(Protocol):
    """A recipient of records and of whole lines of the run directory's other files."""

    def write(self, record: Record) -> None:
        """Take one record."""

    def append(self, file: str, lines: bytes) -> None:
        """Take lines of the file of that name, newlines included."""


class RecordWriter:
    """Appends records to the files of a run directory, each line flushed whole.

    After a failed write it accepts nothing more, because a history with a gap in its middle would
    be wrong.  The files then hold the run up to a moment.
    """

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._files: dict[str, Any] = {}
        self.failure: OSError | None = None
        """Why no more records are accepted; None: no write has failed."""

    def write(self, record: Record) -> None:
        """Append one record.  Safe to call from greenlets and threads: one write per line.

        Raises OSError as `append`.
        """
        self.append(FILES[type(record)], to_json(record) + b"\n")

    def append(self, file: str, lines: bytes) -> None:
        """Append whole lines to the file of that name in one write.

        Raises OSError, with the file's name, when the write fails, and at every later call.
        """
        if self.failure is not None:
            raise self.failure
        try:
            opened = self._files.get(file)
            if opened is None:
                mine = (self._run_dir / file).open("ab", buffering=0)
                # Two threads may come to a new file at the same time.
                opened = self._files.setdefault(file, mine)
                if opened is not mine:
                    mine.close()
            _write_whole(opened, lines)
        except OSError as error:
            self.failure = OSError(error.errno, error.strerror, str(self._run_dir / file))
            raise self.failure from None

    def close(self) -> None:
        """Close the files; a later write opens them again."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _write_whole(file: Any, lines: bytes) -> None:
    """Write everything or nothing, because a nearly full disk may take part of a line."""
    written = file.write(lines)
    try:
        while written < len(lines):
            written += file.write(lines[written:])
    except OSError:
        end = file.tell()
        if os.fstat(file.fileno()).st_size == end:  # no other process has written after it
            file.truncate(end - written)
        raise
