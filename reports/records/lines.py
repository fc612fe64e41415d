"""Files of records, one JSON object a line, read strictly and in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from reports.records import decoder
from reports.records.errors import HistoryError

T = TypeVar("T")


_LONGEST_REASON = 200
"""Characters; it may quote the line."""
_CHUNK_BYTES = 1 << 16


def read(path: Path, kind: type[T]) -> Iterator[T]:
    """The records of one file; none when the file does not exist.

    A truncated last line is skipped, because the writer was killed while writing it.  Raises
    HistoryError, with the file and the line, for any other line that is not such a record.
    """
    for _, records in read_chunks(path, kind):
        yield from records


def read_chunks(path: Path, kind: type[T]) -> Iterator[tuple[list[bytes], list[T]]]:
    """As `read`, some hundred lines and their records at a time."""
    decode = decoder(kind)
    before = 0
    if path.exists() and not path.is_file():
        # Opening a pipe would block for ever.
        raise HistoryError(f"{path}: must be a file")
    try:
        with path.open("rb") as file:
            while chunk := file.readlines(_CHUNK_BYTES):
                try:
                    records = list(map(decode, chunk))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    whole = _without_the_last(path, chunk, before, kind)
                    yield whole, list(map(decode, whole))
                    return
                yield chunk, records
                before += len(chunk)
    except FileNotFoundError:
        return
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read: {error.strerror}") from None


def _without_the_last(path: Path, chunk: list[bytes], before: int, kind: type[T]) -> list[bytes]:
    """The lines before an invalid one, which must be a truncated last line.

    Raises HistoryError otherwise.  `before`: the number of earlier lines of the file.
    """
    decode = decoder(kind)
    for place, line in enumerate(chunk):
        try:
            decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if not line.endswith(b"\n"):
                return chunk[:place]
            why = str(error)[:_LONGEST_REASON]
            raise HistoryError(
                f"{path}: line {before + place + 1}: must be a {kind.__name__}: {why}"
            ) from None
    return chunk
