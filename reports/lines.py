"""Files of records, one JSON object a line, read strictly and in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from reports.errors import HistoryError
from reports.records import decoder

T = TypeVar("T")


_LONGEST_REASON = 200
"""Characters; it may quote the line."""


def read(path: Path, kind: type[T]) -> Iterator[T]:
    """The records of one file; none when there is no such file.

    A last line cut off is left out: the writer was killed in the middle of it.  Raises
    HistoryError, with the file and the line, for any other line that is not such a record.
    """
    for _, record in read_ends(path, kind):
        yield record


def read_ends(path: Path, kind: type[T]) -> Iterator[tuple[int, T]]:
    """As `read`, each record with where its line ends in the file."""
    decode = decoder(kind)
    number, end, line = 0, 0, b""
    if path.exists() and not path.is_file():
        # A pipe would be waited for, for ever.
        raise HistoryError(f"{path}: expected a file")
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):  # noqa: B007  told of in the error
                end += len(line)
                yield end, decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if line.endswith(b"\n"):
            why = str(error)[:_LONGEST_REASON]
            raise HistoryError(
                f"{path}: line {number}: expected a {kind.__name__}: {why}"
            ) from None
    except FileNotFoundError:
        return
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read: {error.strerror}") from None
