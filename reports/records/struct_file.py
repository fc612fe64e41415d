"""A JSON file of one struct: written atomically, read with one sentence for a damaged file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from reports.records.errors import HistoryError

T = TypeVar("T", bound=msgspec.Struct)


def write(path: Path, value: msgspec.Struct) -> None:
    """Write it atomically: a reader sees the old or the new file.  Raises OSError."""
    scratch = path.with_name(f"{path.name}.new")
    scratch.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")
    os.replace(scratch, path)


def read(path: Path, kind: type[T], content: str) -> T:
    """Read it as `kind`; `content` says for a person what such a file holds.

    Raises HistoryError, one sentence, when it cannot be read or is not such a file.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise HistoryError(f"{path}: must be {content}: {error}") from None
