"""Commands to the load generator of a run: lines in its control file, answered by marks.

The generator is another process, or several.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from reports.records import FILES, LoadMark, decoder, load_commands
from reports.records.load_commands import LoadCommand


class LoadSwitchFile:
    """The control file of one run."""

    def __init__(self, run_dir: Path) -> None:
        """Nothing is written."""
        self._control = run_dir / load_commands.FILE
        self._marks = run_dir / FILES[LoadMark]
        self._number = 0
        self._lock = threading.Lock()  # faults in the background have threads of their own

    def tell(self, command: LoadCommand) -> int:
        """Give a command, which gets the next number; that number."""
        with self._lock:
            self._number += 1
            numbered = msgspec.structs.replace(command, order=self._number)
            with self._control.open("ab", buffering=0) as file:
                file.write(load_commands.encode(numbered) + b"\n")
            return self._number

    def answers(self, number: int) -> Sequence[LoadMark]:
        """The marks that answer a command, as far as they have come."""
        try:
            written = self._marks.read_bytes()
        except FileNotFoundError:
            return []
        whole, _, _ = written.rpartition(b"\n")
        decode = decoder(LoadMark)
        found = []
        for line in whole.splitlines():
            try:
                mark = decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # the judge reads it again, strictly
            if mark.values.get("order") == number:
                found.append(mark)
        return found
