"""Reads the records that are appended to a file, whole lines only."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from reports.records import FILES, from_json


class Tail:
    """Follows one kind of record in a run directory."""

    def __init__(self, run_dir: Path, kind: type[Any]) -> None:
        self._path = run_dir / FILES[kind]
        self._kind = kind
        self._position = 0

    def read(self) -> list[Any]:
        """The records since the last call, without a line that is not complete yet."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                data = file.read()
        except FileNotFoundError:
            return []
        whole, newline, _ = data.rpartition(b"\n")
        self._position += len(whole) + len(newline)
        records = []
        for line in whole.splitlines():
            # These records only show progress; the judge reads the file again, strictly.
            with contextlib.suppress(ValueError):
                records.append(from_json(self._kind, line))
        return records
