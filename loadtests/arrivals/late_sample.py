"""Which conversations are looked for once more after their TTL: a sample, in bounded memory."""

from __future__ import annotations

from typing import Generic, TypeVar

from loadtests.arrivals.seeds import derive

T = TypeVar("T")


class LateSample(Generic[T]):
    """One of each of `most` equal stretches of the arrivals, whatever order they are offered in.

    Within a stretch the arrival with the smallest number derived from (seed, index) is kept: as
    good as a draw, and the same for any order and any number of processes.
    """

    def __init__(self, arrivals: int, most: int, seed: int) -> None:
        """`arrivals` is how many are planned in all."""
        self._arrivals, self._most, self._seed = max(1, arrivals), most, seed
        self._kept: dict[int, tuple[int, int, T]] = {}

    def offer(self, index: int, thing: T) -> None:
        """`thing` belongs to arrival `index`; it is kept or forgotten."""
        stretch = index * self._most // self._arrivals
        if self._arrivals <= self._most:
            stretch = index
        drawn = derive(self._seed, "late audits", index)
        kept = self._kept.get(stretch)
        if kept is None or (drawn, index) < kept[:2]:
            self._kept[stretch] = (drawn, index, thing)

    def chosen(self) -> list[T]:
        """What was kept, in order of arrival."""
        return [thing for _, _, thing in sorted(self._kept.values(), key=lambda each: each[1])]
