"""Files of records, one JSON object a line, read strictly and in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

import msgspec

from reports.errors import HistoryError
from reports.records import decoder

T = TypeVar("T")

_MOST_SHARED = 100_000
"""Texts beyond this many are not looked for any more: nothing repeats itself there."""

_LONGEST_REASON = 200
"""Characters; it may quote the line."""


def read(path: Path, kind: type[T]) -> Iterator[T]:
    """The records of one file; none when there is no such file.

    A last line cut off is left out: the writer was killed in the middle of it.  Raises
    HistoryError, with the file and the line, for any other line that is not such a record.
    """
    for _, record in read_placed(path, kind):
        yield record


def read_placed(path: Path, kind: type[T]) -> Iterator[tuple[int, T]]:
    """As `read`, each record with where its line begins in the file."""
    decode = decoder(kind)
    number, place, line = 0, 0, b""
    if path.exists() and not path.is_file():
        # A pipe would be waited for, for ever.
        raise HistoryError(f"{path}: expected a file")
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):  # noqa: B007  told of in the error
                yield place, decode(line)
                place += len(line)
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


class Pool:
    """Texts that are the same become one object: replicas, journeys, what customers often say."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def share(self, records: Iterable[msgspec.Struct], name: str) -> None:
        """Do so with one field of records that were just read, and that nobody else knows."""
        texts, field, replace = self._texts, attrgetter(name), msgspec.structs.force_setattr
        for record in records:
            text = field(record)
            if text is None:
                continue
            known = texts.get(text)
            if known is not None:
                replace(record, name, known)
            elif len(texts) < _MOST_SHARED:
                texts[text] = text
