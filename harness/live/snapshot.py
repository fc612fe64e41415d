"""Copies the records of a running run so far, so that they agree with each other."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from reports.records import FILES, AuditRecord, ConversationRecord, ModelCall, TurnRecord, run_file
from reports.records.history import History, read

_CONSEQUENCES_FIRST = (FILES[ConversationRecord], FILES[AuditRecord], FILES[TurnRecord])
"""A conversation's record is written after its audit, and that after its turns: copied in this
order, nothing refers to a record that was written between two copies."""
_CALLS_S = 2.5
"""The log of the model's calls is copied into the run directory every second."""
_BLOCK = 1 << 20
_SMALL = 4 << 20
"""Bytes; larger files than this that are no records are not needed."""


class Snapshot:
    """A copy of the records in a folder of its own, which each `history` brings up to date.

    The copy grows with the run: the records are on the disk twice while it lasts.
    """

    def __init__(self, run_dir: Path, folder: Path) -> None:
        """`folder` is empty; the copy has the name of the run."""
        self._from, self._to = run_dir, folder / run_dir.resolve().name
        self._to.mkdir()

    def history(self) -> History:
        """The records so far.  Raises HistoryError when they cannot be read, OSError when they
        cannot be copied."""
        shutil.copyfile(self._from / run_file.FILE, self._to / run_file.FILE)
        for name in _CONSEQUENCES_FIRST:
            self._copy(name)
        if (self._from / FILES[ModelCall]).exists():
            time.sleep(_CALLS_S)  # so that the calls of all copied turns are there
        records = set(FILES.values())
        for name in sorted(records - set(_CONSEQUENCES_FIRST)):
            self._copy(name)
        for path in self._from.glob("*.json*"):
            if path.name not in records and path.name != run_file.FILE:
                self._copy_small(path)
        return read(self._to)

    def _copy(self, name: str) -> None:
        """Add what the file has more than its copy, whole lines only."""
        try:
            source = (self._from / name).open("rb")
        except FileNotFoundError:
            return
        with source, (self._to / name).open("ab") as copy:
            size = source.seek(0, 2)
            if size < copy.tell():  # a full disk took back the part of a line
                copy.truncate(0)
            source.seek(copy.tell())
            left = size - copy.tell()
            rest = b""
            while left > 0 and (block := source.read(min(_BLOCK, left))):
                left -= len(block)
                whole, newline, rest = (rest + block).rpartition(b"\n")
                copy.write(whole + newline)

    def _copy_small(self, path: Path) -> None:
        try:
            if path.is_file() and path.stat().st_size <= _SMALL:
                shutil.copyfile(path, self._to / path.name)
        except FileNotFoundError:
            return  # it was written under another name for a moment
