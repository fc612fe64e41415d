"""Records that stay in their file: values needed of all records are kept in columns, the rest is
read again when needed.

A run of ten million turns has several gigabytes of records, and a record in memory takes twice the
size of its line.  The file is read once, to check every line and fill the columns; later a single
record is read by its position.
"""

from __future__ import annotations

import math
import os
import weakref
from abc import abstractmethod
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from reports.records import decoder, lines
from reports.records.lines import DamagedLine

T = TypeVar("T")

_PARTS = 256
"""Records sorted at once, because sorting needs several objects for each."""
_AT_ONCE_BYTES = 1 << 18
"""Bytes of lines read at once; their records take several times as much memory."""
_GAP_BYTES = 1 << 15
"""Two lines at most this far apart are read at once, with the bytes between them."""
_NO_MORE: tuple[float, list[Any]] = (math.inf, [])


class Filed(Sequence[T], Generic[T]):
    """Records of one kind, in the order of their file, each of one conversation."""

    kind: type[T]

    def __init__(self, source: Path | Iterable[T] = ()) -> None:
        """From a file, which is then kept open, or from records in memory.

        Lines that are not whole are in `damaged`.  Raises HistoryError as `lines.read`.
        """
        self.damaged: list[DamagedLine] = []
        self.conversation = array("q")
        self._bounds = array("Q", [0])
        """The start of each line in the file, and the end of the last one."""
        self._held: list[T] = []
        self._file: int | None = None
        decode: Callable[[bytes], T] = decoder(self.kind)
        self._decode = decode
        if isinstance(source, Path):
            self._take(self._placed(source))
            if self.damaged:
                self._decode = lambda found: decode(lines.last_line(found))
            if self.conversation:
                # Kept open, so that later reads see the checked file.
                self._file = os.open(source, os.O_RDONLY)
                weakref.finalize(self, os.close, self._file)
        else:
            self._held = list(source)
            self._take(iter([self._held]))

    @abstractmethod
    def _take(self, chunks: Iterator[list[T]]) -> None:
        """Fill `conversation` and the columns of this kind; called once."""

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
        if number < 0:
            number += len(self)
        begin = self._bounds[number]
        return self._decode(os.pread(self._file, self._bounds[number + 1] - begin, begin))

    def __iter__(self) -> Iterator[T]:
        """All records in the order of their file; cheaper than reading each alone."""
        at_once = self._at_once
        for first in range(0, len(self), at_once):
            yield from self._read(range(first, min(first + at_once, len(self)))).values()

    @property
    def _at_once(self) -> int:
        """How many records are read at once, at least one."""
        return max(1, _AT_ONCE_BYTES * len(self) // max(1, self._bounds[-1]))

    @cached_property
    def by_conversation(self) -> array[int]:
        """The numbers of the records, conversation by conversation, each in its own order."""
        owners = self.conversation
        if not owners:
            return array("I")
        # Conversations are numbered from 0, so parts of equal width have about equal size.
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
        """The sort key of records."""
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
        for begin, end in pairwise(self._talk_bounds):
            yield owner[order[begin]], order[begin:end]

    @cached_property
    def _talk_bounds(self) -> array[int]:
        """The start of each conversation in `by_conversation`, and the end of the last one."""
        bounds, latest = array("I"), -1
        for place, owner in enumerate(map(self.conversation.__getitem__, self.by_conversation)):
            if owner != latest:
                bounds.append(place)
                latest = owner
        bounds.append(len(self))
        return bounds

    def read_talks(self) -> Iterator[tuple[int, list[T]]]:
        """Every conversation, ascending, with its records; cheaper than reading each alone."""
        most = self._at_once
        order, owner, bounds = self.by_conversation, self.conversation, self._talk_bounds
        first, last = 0, len(bounds) - 1
        while first < last:
            begin = bounds[first]
            # At least one conversation.
            after = max(first + 1, min(last, bisect_left(bounds, begin + most, first)))
            numbers = order[begin : bounds[after]]
            found = self._read(sorted(numbers))
            records = [found[number] for number in numbers]
            for start, end in pairwise(bounds[first : after + 1]):
                yield owner[order[start]], records[start - begin : end - begin]
            first = after

    def _read(self, numbers: Sequence[int]) -> Mapping[int, T]:
        """The records with these ascending numbers; neighbours are read at once."""
        if self._file is None:
            return {number: self._held[number] for number in numbers}
        bounds, decode, found = self._bounds, self._decode, {}
        for near in self._neighbours(numbers):
            base = bounds[near[0]]
            data = os.pread(self._file, bounds[near[-1] + 1] - base, base)
            for number in near:
                found[number] = decode(data[bounds[number] - base : bounds[number + 1] - base])
        return found

    def _neighbours(self, numbers: Sequence[int]) -> Iterator[Sequence[int]]:
        """The numbers, grouped by stretches of the file that are read at once."""
        bounds = self._bounds
        first, end = 0, math.inf
        for place, number in enumerate(numbers):
            if bounds[number] > end + _GAP_BYTES:
                yield numbers[first:place]
                first = place
            end = bounds[number + 1]
        if numbers:
            yield numbers[first:]

    def _placed(self, path: Path) -> Iterator[list[T]]:
        for chunk, records in lines.read_chunks(path, self.kind, self.damaged):
            end = self._bounds.pop()
            self._bounds.extend(accumulate(map(len, chunk), initial=end))
            yield records


class Walk(Generic[T]):
    """Iterates over the conversations once, ascending; cheaper than a search for each."""

    def __init__(self, filed: Filed[T]) -> None:
        self._talks = filed.read_talks()
        self._records: list[T] = []
        self.next: float = -1
        """The next conversation with records; infinity: no more."""
        self._advance()

    def take(self, conversation: int) -> list[T]:
        """The records of a conversation, which must not be smaller than the previous one."""
        while self.next < conversation:
            self._advance()
        if self.next != conversation:
            return []
        records = self._records
        self._advance()
        return records

    def _advance(self) -> None:
        self.next, self._records = next(self._talks, _NO_MORE)
