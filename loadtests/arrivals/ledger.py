"""Tracks which planned arrivals have a record, in one byte each."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import ArrivalRange, Fate


class Ledger:
    """The planned arrivals of a run, each with or without a record."""

    def __init__(self, arrivals: int) -> None:
        self._settled = bytearray(arrivals)

    def extend(self, arrivals: int) -> None:
        """Increase the number of arrivals; the existing ones stay first."""
        self._settled.extend(bytes(arrivals - len(self._settled)))

    def settle(self, index: int) -> bool:
        """Mark arrival `index` as recorded; False if it was recorded or never planned."""
        if not 0 <= index < len(self._settled) or self._settled[index]:
            return False
        self._settled[index] = 1
        return True

    def settle_range(self, first: int, count: int, step: int) -> None:
        """Mark this many arrivals as recorded: every `step`-th from `first` on."""
        where = slice(first, first + count * step, step)
        self._settled[where] = b"\1" * len(self._settled[where])

    def write_off(self, fate: Fate, shard: int = 0, shards: int = 1) -> Iterator[ArrivalRange]:
        """Records of that fate for all arrivals of shard k of n without a record.

        Neighbours share a record, so there are about as many as conversations were running.
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
