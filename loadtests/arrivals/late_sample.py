"""Samples the conversations whose sessions are read again after their TTL, in bounded memory."""

from __future__ import annotations

from typing import Generic, TypeVar

from loadtests.arrivals.seeds import derive

T = TypeVar("T")

LATE_AUDITS = 200
"""The most sessions of a load that are read again after their TTL."""
GRACE_S = 1.5
"""Delay after a session's TTL before it is read again, because servers expire keys lazily."""


class LateSample(Generic[T]):
    """Keeps one of each of `most` equal stretches of the arrivals, offered in any order.

    Within a stretch the arrival with the smallest number derived from (seed, index) is kept.  This
    equals a random draw, and is the same for any order and any number of processes.
    """

    def __init__(self, arrivals: int, most: int, seed: int) -> None:
        """`arrivals` is the number of planned arrivals."""
        self._arrivals, self._most, self._seed = max(1, arrivals), most, seed
        self._kept: dict[int, tuple[int, int, T]] = {}

    def offer(self, index: int, thing: T) -> None:
        """Offer `thing`, which belongs to arrival `index`; it is kept or dropped."""
        stretch = index * self._most // self._arrivals
        if self._arrivals <= self._most:
            stretch = index
        drawn = derive(self._seed, "late audits", index)
        kept = self._kept.get(stretch)
        if kept is None or (drawn, index) < kept[:2]:
            self._kept[stretch] = (drawn, index, thing)

    def chosen(self) -> list[T]:
        """The kept things, in order of arrival."""
        return [thing for _, _, thing in sorted(self._kept.values(), key=lambda each: each[1])]
