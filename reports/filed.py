"""Records that stay in their file: what all of them are asked is held in columns, the rest is read
again where it is needed.

A run of ten million turns has several gigabytes of records, and a record in memory takes twice its
line.  The file is read once, which checks every line and fills the columns; a single record is then
read by its place.
"""

from __future__ import annotations

import os
import weakref
from abc import abstractmethod
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Generic, TypeVar, overload

from reports import lines
from reports.records import decoder

T = TypeVar("T")

_PARTS = 256
"""A sort of everything at once would hold several objects for each record."""


class Filed(Sequence[T], Generic[T]):
    """Records of one kind, in the order of their file, each of one conversation."""

    kind: type[T]

    def __init__(self, source: Path | Iterable[T] = ()) -> None:
        """From a file, which is then kept open, or from records that are in memory anyway.

        Raises HistoryError for a file that is not one of such records.
        """
        self.conversation = array("q")
        self._ends = array("Q")
        self._held: list[T] = []
        self._file: int | None = None
        self._decode = decoder(self.kind)
        if isinstance(source, Path):
            self._take(self._placed(source))
            if self._ends:
                # Kept open: what is read later is what was checked.
                self._file = os.open(source, os.O_RDONLY)
                weakref.finalize(self, os.close, self._file)
        else:
            self._held = list(source)
            self._take(iter(self._held))

    @abstractmethod
    def _take(self, records: Iterator[T]) -> None:
        """Fill `conversation` and the columns of this kind."""

    def __len__(self) -> int:
        return len(self.conversation)

    @overload
    def __getitem__(self, number: int) -> T: ...

    @overload
    def __getitem__(self, number: slice) -> list[T]: ...

    def __getitem__(self, number: int | slice) -> T | list[T]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        if self._file is None:
            return self._held[number]
        begin = self._ends[number - 1] if number else 0
        return self._decode(os.pread(self._file, self._ends[number] - begin, begin))

    @cached_property
    def by_conversation(self) -> array[int]:
        """The numbers of the records, conversation by conversation, each in its own order."""
        owners = self.conversation
        if not owners:
            return array("I")
        # Conversations are numbered from 0, so that parts of equal width are of equal size.
        width = max(owners) // _PARTS + 1
        sizes = [0] * (_PARTS + 1)
        for owner in owners:
            sizes[owner // width + 1] += 1
        for part in range(_PARTS):
            sizes[part + 1] += sizes[part]
        bounds, order = list(sizes), array("I", bytes(4 * len(owners)))
        for number, owner in enumerate(owners):
            part = owner // width
            order[sizes[part]] = number
            sizes[part] += 1
        for begin, end in pairwise(bounds):
            if end > begin:
                part_sorted = sorted(order[begin:end], key=self._rank)
                order[begin:end] = array("I", part_sorted)
        return order

    def _rank(self, number: int) -> tuple[int, float] | int:
        """What puts records of one conversation, or of several, in order."""
        return self.conversation[number]

    def of(self, conversation: int) -> list[T]:
        """The records of a conversation, in order."""
        order, owner = self.by_conversation, self.conversation.__getitem__
        place = bisect_left(order, conversation, key=owner)
        found = []
        while place < len(order) and owner(order[place]) == conversation:
            found.append(self[order[place]])
            place += 1
        return found

    def talks(self) -> Iterator[tuple[int, array[int]]]:
        """Every conversation, ascending, with the numbers of its records."""
        order, owner = self.by_conversation, self.conversation
        begin = 0
        while begin < len(order):
            conversation, end = owner[order[begin]], begin + 1
            while end < len(order) and owner[order[end]] == conversation:
                end += 1
            yield conversation, order[begin:end]
            begin = end

    def _placed(self, path: Path) -> Iterator[T]:
        ended = self._ends.append
        for end, record in lines.read_ends(path, self.kind):
            ended(end)
            yield record


class Walk(Generic[T]):
    """Goes through the conversations once, ascending: cheaper than a search for each."""

    def __init__(self, filed: Filed[T]) -> None:
        self._filed = filed
        self._talks = filed.talks()
        self._next = next(self._talks, None)

    @property
    def next(self) -> int | None:
        """The next conversation that has records; None: no more."""
        return None if self._next is None else self._next[0]

    def take(self, conversation: int) -> list[T]:
        """The records of a conversation, no smaller than the last that was asked for."""
        while self._next is not None and self._next[0] < conversation:
            self._next = next(self._talks, None)
        if self._next is None or self._next[0] != conversation:
            return []
        numbers, self._next = self._next[1], next(self._talks, None)
        return [self._filed[number] for number in numbers]
