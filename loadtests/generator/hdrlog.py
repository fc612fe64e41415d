"""Writes histograms as an HdrHistogram log, for public tools (HistogramLogAnalyzer, hdr-plot).

The log has format 1.3 and each histogram has encoding V2: counts as ZigZag LEB128 numbers in bucket
order, runs of empty buckets as their negative length, deflated, base64.
"""

from __future__ import annotations

import base64
import struct
import zlib
from datetime import UTC, datetime

from loadtests.generator.histogram import Histogram

FILE = "latency.hlog"
"""The log's name in the run directory."""

_V2, _V2_COMPRESSED = 0x1C849303 | 0x10, 0x1C849304 | 0x10
_DIGITS = 3
_LOWEST, _HIGHEST = 1, 24 * 3600 * 10**9
"""The range of the values, nanoseconds."""


def header(origin: float) -> bytes:
    """The log's first lines; times in it count from `origin` (Unix epoch seconds)."""
    when = datetime.fromtimestamp(origin, UTC).isoformat(timespec="seconds")
    return (
        "#[Histogram log format version 1.3]\n"
        f"#[StartTime: {origin:.3f} (seconds since epoch), {when}]\n"
        '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
    ).encode()


def line(tag: str, start: float, seconds: float, histogram: Histogram) -> bytes:
    """One interval of the log, with the largest value in milliseconds."""
    highest = histogram.highest() * 1000
    return (
        f"Tag={tag},{start:.3f},{seconds:.3f},{highest:.3f},".encode() + encode(histogram) + b"\n"
    )


def encode(histogram: Histogram) -> bytes:
    """One histogram, compressed, in base64."""
    payload = bytearray()
    after = 0
    for bucket, count in sorted(histogram.counts.items()):
        if bucket > after:
            _append_number(payload, after - bucket)
        _append_number(payload, count)
        after = bucket + 1
    head = struct.pack(">iiiiqqd", _V2, len(payload), 0, _DIGITS, _LOWEST, _HIGHEST, 1.0)
    deflated = zlib.compress(head + bytes(payload))
    return base64.b64encode(struct.pack(">ii", _V2_COMPRESSED, len(deflated)) + deflated)


def _append_number(payload: bytearray, number: int) -> None:
    """ZigZag, then seven bits a byte, the lowest first; a ninth byte would hold eight bits."""
    left = number << 1 if number >= 0 else (-number << 1) - 1
    while left > 0x7F:
        payload.append(left & 0x7F | 0x80)
        left >>= 7
    payload.append(left)
