"""Files of records, one JSON object a line, read strictly and in bulk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from reports.records import decoder
from reports.records.errors import HistoryError

T = TypeVar("T")


_LONGEST_REASON = 200
"""Characters; it may quote the line."""
_CHUNK_BYTES = 1 << 16
_INVALID = (msgspec.DecodeError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class DamagedLine:
    """A line that is not whole JSON: a full disk or a crash left it in the middle of a file."""

    file: str
    """The name of its file in the run directory."""
    line: int
    """Its number, from 1."""
    why: str

    def __str__(self) -> str:
        return f"{self.file}: line {self.line} is not a whole record: {self.why}"


def read(path: Path, kind: type[T], damaged: list[DamagedLine] | None = None) -> Iterator[T]:
    """The records of one file; none when the file does not exist.

    A truncated last line is skipped, because the writer was killed while writing it.  Any other
    line that is not whole JSON is skipped, and added to `damaged` if it is given.

    Raises HistoryError, with the file and the line, for JSON that is not such a record, and for a
    file without a record in which no line even begins like one.
    """
    for _, records in read_chunks(path, kind, [] if damaged is None else damaged):
        yield from records


def read_chunks(
    path: Path, kind: type[T], damaged: list[DamagedLine]
) -> Iterator[tuple[list[bytes], list[T]]]:
    """As `read`, some hundred lines and their records at a time.

    A skipped line is joined to the beginning of the next one, so that the lengths of the lines add
    up to their places in the file.
    """
    if path.exists() and not path.is_file():
        # Opening a pipe would block for ever.
        raise HistoryError(f"{path}: must be a file")
    reader = _Reader(path, kind, damaged)
    try:
        with path.open("rb") as file:
            while chunk := file.readlines(_CHUNK_BYTES):
                yield reader.records(chunk)
    except FileNotFoundError:
        return
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read: {error.strerror}") from None
    reader.check_kind()


def last_line(lines: bytes) -> bytes:
    """The last of the lines, which are those of one record and of skipped ones before it."""
    return lines[lines.rfind(b"\n", 0, len(lines) - 1) + 1 :]


class _Reader(Generic[T]):
    """Reads the chunks of one file in their order."""

    def __init__(self, path: Path, kind: type[T], damaged: list[DamagedLine]) -> None:
        self._path, self._kind, self._damaged = path, kind, damaged
        self._decode = decoder(kind)
        self._before = 0
        """The number of earlier lines."""
        self._skipped = b""
        """Skipped lines since the last record."""
        self._began = False
        """Whether a line was a record, or began like one."""
        self._strange: str | None = None
        """Why the first skipped line is no record."""

    def records(self, chunk: list[bytes]) -> tuple[list[bytes], list[T]]:
        try:
            records, lines = list(map(self._decode, chunk)), chunk
            if self._skipped:
                lines = [self._skipped + chunk[0], *chunk[1:]]
                self._skipped = b""
        except _INVALID:
            lines, records = self._one_by_one(chunk)
        self._before += len(chunk)
        self._began = self._began or bool(records)
        return lines, records

    def check_kind(self) -> None:
        """Raises HistoryError when another program wrote the file."""
        if self._strange is not None and not self._began:
            raise HistoryError(self._strange)

    def _one_by_one(self, chunk: list[bytes]) -> tuple[list[bytes], list[T]]:
        lines, records = [], []
        for number, line in enumerate(chunk, self._before + 1):
            try:
                records.append(self._decode(line))
            except _INVALID as error:
                if line.endswith(b"\n"):
                    self._skip(number, line, str(error)[:_LONGEST_REASON])
            else:
                lines.append(self._skipped + line)
                self._skipped = b""
        return lines, records

    def _skip(self, number: int, line: bytes, why: str) -> None:
        """Raises HistoryError when the line is whole, but not such a record."""
        expected = f"{self._path}: line {number}: must be a {self._kind.__name__}: {why}"
        try:
            json.loads(line)
        except (ValueError, RecursionError):
            pass
        else:
            raise HistoryError(expected) from None
        self._strange = self._strange or expected
        self._began = self._began or line.startswith(b"{")
        self._damaged.append(DamagedLine(self._path.name, number, why))
        self._skipped += line
