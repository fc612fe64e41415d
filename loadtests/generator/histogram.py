"""Counts times with three significant digits, in the buckets of HdrHistogram.

A value of b bits, in nanoseconds, keeps its upper 11 bits: a bucket is at most 1/1024 of its values
wide, and its middle at most 0.05 % away from any of them.  Empty buckets take no memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Self

NANOSECONDS = 1_000_000_000
_BITS = 11


class Histogram:
    """Counts by bucket; histograms of several processes or intervals add up exactly."""

    __slots__ = ("counts",)

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: dict[int, int] = dict(counts or {})
        """HdrHistogram's index of a bucket (three digits, from 1 ns) -> number of values."""

    def record(self, seconds: float) -> None:
        """Count one time; a negative one counts as zero."""
        value = int(seconds * 1e9)
        if value < 0:
            value = 0
        shift = value.bit_length() - _BITS
        if shift > 0:
            value = (shift << _BITS - 1) + (value >> shift)
        counts = self.counts
        counts[value] = counts.get(value, 0) + 1

    def add(self, other: Histogram) -> Self:
        """Add the counts of `other`."""
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        return self

    @property
    def total(self) -> int:
        """The number of counted values."""
        return sum(self.counts.values())

    def quantile(self, q: float) -> float:
        """The nearest-rank quantile, seconds; 0 without values."""
        left = max(1, math.ceil(round(q * self.total, 9)))
        for bucket, count in sorted(self.counts.items()):
            left -= count
            if left <= 0:
                low, width = bounds(bucket)
                return (low + (width - 1) / 2) / NANOSECONDS
        return 0.0

    def highest(self) -> float:
        """The largest value, rounded to its bucket, seconds; 0 without values."""
        return self.quantile(1.0)


def bounds(bucket: int) -> tuple[int, int]:
    """The lowest value of a bucket and the bucket's width, nanoseconds."""
    shift = max(0, (bucket >> (_BITS - 1)) - 1)
    return (bucket - (shift << (_BITS - 1))) << shift, 1 << shift


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """The sum of the histograms."""
    whole = Histogram()
    for each in histograms:
        whole.add(each)
    return whole
