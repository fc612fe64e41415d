"""Which planned arrivals have been accounted for: one byte each, whatever the run's size."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import ArrivalRange, Fate


class Ledger:
    """The account of a run's planned arrivals."""

    def __init__(self, arrivals: int) -> None:
        self._settled = bytearray(arrivals)

    def extend(self, arrivals: int) -> None:
        """There are so many arrivals now, the first of them those of before."""
        self._settled.extend(bytes(arrivals - len(self._settled)))

    def settle(self, index: int) -> bool:
        """Arrival `index` has its record; False when it had one before or was never planned."""
        if not 0 <= index < len(self._settled) or self._settled[index]:
            return False
        self._settled[index] = 1
        return True

    def settle_range(self, first: int, count: int, step: int) -> None:
        """So many arrivals, from `first` on, every `step`-th, have their record."""
        where = slice(first, first + count * step, step)
        self._settled[where] = b"\1" * len(self._settled[where])

    def write_off(self, fate: Fate, shard: int = 0, shards: int = 1) -> Iterator[ArrivalRange]:
        """What is left of shard k of n without a record, as records of that fate.

        Neighbours share one, so there are about as many as there were conversations under way.
        """
        mine = self._settled[shard::shards]
        place = mine.find(0)
        while place >= 0:
            end = mine.find(1, place)
            count = (len(mine) if end < 0 else end) - place
            found = ArrivalRange(shard + place * shards, count, shards, fate)
            self.settle_range(found.first, count, shards)
            yield found
            place = mine.find(0, place + count)
