"""Records that stay in their file: values needed of all records are kept in columns, the rest is
read again when needed.

A run of ten million turns has several gigabytes of records, and a record in memory takes twice the
size of its line.  The file is read once, to check every line and fill the columns; later a single
record is read by its position.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from reports.records import decoder, lines
from reports.records.lines import DamagedLine
from reports.records.stored_lines import StoredLines

T = TypeVar("T")
V = TypeVar("V")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

_PARTS = 256
"""Records are sorted in so many parts, because sorting needs several objects for each record."""
_AT_ONCE_BYTES = 1 << 18
"""Bytes of lines read at once in the order of the file."""
_TALKS = 32
"""Conversations whose records are read together."""
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
        self._lines: StoredLines | None = None
        decode: Callable[[bytes], T] = decoder(self.kind)
        self._decode = decode
        if isinstance(source, Path):
            self._take(self._placed(source))
            if self.damaged:
                self._decode = lambda found: decode(lines.last_line(found))
            if self.conversation:
                self._lines = StoredLines(source, self._bounds)
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
        if self._lines is None:
            return self._held[number]
        return self._decode(self._lines.one(number if number >= 0 else number + len(self)))

    def __iter__(self) -> Iterator[T]:
        """All records in the order of their file; cheaper than reading each alone."""
        if self._lines is None:
            yield from self._held
            return
        at_once = max(1, _AT_ONCE_BYTES * len(self) // self._bounds[-1])
        for first in range(0, len(self), at_once):
            yield from map(
                self._decode, self._lines.stretch(first, min(first + at_once, len(self)))
            )

    @cached_property
    def by_conversation(self) -> array[int]:
        """The numbers of the records, conversation by conversation, each in its own order."""
        owners = self.conversation
        if not owners:
            return array("I")
        # Conversations are numbered from 0, so parts of equal width have about equal size.
        width = max(owners) // _PARTS + 1
        parts = [array("I") for _ in range(_PARTS)]
        for number, owner in enumerate(owners):
            parts[owner // width].append(number)
        within, order = self._within, array("I")
        for part in parts:
            numbers = part.tolist()
            if within is not None:
                numbers.sort(key=within.__getitem__)
            numbers.sort(key=owners.__getitem__)  # keeps the order of equal ones
            order.fromlist(numbers)
        return order

    @property
    def _within(self) -> Sequence[float] | None:
        """The column that orders the records of one conversation; None: their file does."""
        return None

    def of(self, conversation: int) -> list[T]:
        """The records of a conversation, in order."""
        order, owner = self.by_conversation, self.conversation.__getitem__
        begin = bisect_left(order, conversation, key=owner)
        end = bisect_right(order, conversation, lo=begin, key=owner)
        return self._records(order[begin:end])

    def talks(self) -> Iterator[tuple[int, array[int]]]:
        """Every conversation, ascending, with the numbers of its records."""
        order, owner = self.by_conversation, self.conversation
        for begin, end in pairwise(self._talk_bounds):
            yield owner[order[begin]], order[begin:end]

    def in_talks(self, column: Sequence[V]) -> Iterator[V]:
        """The values of a column, conversation by conversation, as `by_conversation`."""
        return map(column.__getitem__, self.by_conversation)

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
        order, owner, every = self.by_conversation, self.conversation, self._talk_bounds
        for first in range(0, len(every) - 1, _TALKS):
            bounds = every[first : first + _TALKS + 1]
            base = bounds[0]
            records = self._records(order[base : bounds[-1]])
            for begin, end in pairwise(bounds):
                yield owner[order[begin]], records[begin - base : end - base]

    def _records(self, numbers: Iterable[int]) -> list[T]:
        if self._lines is None:
            return [self._held[number] for number in numbers]
        return list(map(self._decode, self._lines.of(numbers)))

    def _placed(self, path: Path) -> Iterator[list[T]]:
        for chunk, records in lines.read_chunks(path, self.kind, self.damaged):
            end = self._bounds.pop()
            self._bounds.extend(accumulate(map(len, chunk), initial=end))
            yield records


def side_by_side(
    first: Filed[A], second: Filed[B], third: Filed[C]
) -> Iterator[tuple[int, list[A], list[B], list[C]]]:
    """Every conversation with any record, ascending, with its records of the three kinds."""
    ones, twos, threes = first.read_talks(), second.read_talks(), third.read_talks()
    one: tuple[float, list[A]] = next(ones, _NO_MORE)
    two: tuple[float, list[B]] = next(twos, _NO_MORE)
    three: tuple[float, list[C]] = next(threes, _NO_MORE)
    while True:
        index = min(one[0], two[0], three[0])
        if not isinstance(index, int):
            return
        in_one, in_two, in_three = one[0] == index, two[0] == index, three[0] == index
        yield (
            index,
            one[1] if in_one else [],
            two[1] if in_two else [],
            three[1] if in_three else [],
        )
        if in_one:
            one = next(ones, _NO_MORE)
        if in_two:
            two = next(twos, _NO_MORE)
        if in_three:
            three = next(threes, _NO_MORE)
