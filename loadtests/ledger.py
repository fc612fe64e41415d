"""Which planned arrivals have been accounted for: one byte each, whatever the run's size."""

from __future__ import annotations

from collections.abc import Iterator


class Ledger:
    """The account of a run's planned arrivals."""

    def __init__(self, arrivals: int) -> None:
        self._settled = bytearray(arrivals)

    def settle(self, index: int) -> bool:
        """Arrival `index` has its record; False when it had one before or was never planned."""
        if not 0 <= index < len(self._settled) or self._settled[index]:
            return False
        self._settled[index] = 1
        return True

    def open(self, shard: int, shards: int) -> Iterator[int]:
        """The arrivals of shard k of n that have no record yet."""
        for index in range(shard, len(self._settled), shards):
            if not self._settled[index]:
                yield index
