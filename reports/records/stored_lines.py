"""The lines of a file of records, read again by their numbers."""

from __future__ import annotations

import os
import weakref
from array import array
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

_BLOCK_BYTES = 1 << 13
"""Neighbours are read together, about this many bytes."""
_MOST_BYTES = 1 << 24
"""The lines that were read with their neighbours wait in memory, about this many bytes."""


class StoredLines:
    """The lines of a file, which is kept open, so that they are those that were checked."""

    def __init__(self, path: Path, bounds: array[int], most_bytes: int = _MOST_BYTES) -> None:
        """`bounds`: the start of each line, of at least one, and the end of the last one.

        Raises OSError when the file cannot be opened.
        """
        self._bounds = bounds
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        mean = max(1, bounds[-1] // (len(bounds) - 1))
        self._block, self._most = max(1, _BLOCK_BYTES // mean), most_bytes // mean
        """Lines that are read together, and that wait."""
        self._waiting: dict[int, bytes] = {}

    @property
    def waiting_bytes(self) -> int:
        """The size of the lines that wait to be asked for."""
        return sum(map(len, self._waiting.values()))

    def one(self, number: int) -> bytes:
        """One line."""
        begin = self._bounds[number]
        return os.pread(self._file, self._bounds[number + 1] - begin, begin)

    def stretch(self, first: int, after: int) -> list[bytes]:
        """The lines from `first` to before `after`."""
        bounds = self._bounds[first : after + 1]
        base = bounds[0]
        data = os.pread(self._file, bounds[-1] - base, base)
        return [data[begin - base : end - base] for begin, end in pairwise(bounds)]

    def of(self, numbers: Iterable[int]) -> list[bytes]:
        """These lines; cheap if each line is asked for once, and its neighbours soon after it."""
        waiting, found = self._waiting, []
        for number in numbers:
            line = waiting.pop(number, None)
            found.append(self._read_around(number) if line is None else line)
        return found

    def _read_around(self, number: int) -> bytes:
        if len(self._waiting) > self._most:
            return self.one(number)
        first = number - number % self._block
        after = min(first + self._block, len(self._bounds) - 1)
        self._waiting.update(zip(range(first, after), self.stretch(first, after), strict=True))
        return self._waiting.pop(number)
