"""A series as one line of block characters."""

from __future__ import annotations

from collections.abc import Collection, Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_MISSING = "·"
BREAK = "│"
_SPAN = 0.2
"""The scale spans at least this share of the highest value: noise must not look like a cliff."""


def draw(values: Sequence[float | None], breaks: Collection[int] = ()) -> str:
    """One character for each value, `·` for None, and `│` before each index of `breaks`."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    room = max(0.0, _SPAN * high - (high - low)) / 2
    low, high = low - room, high + room
    drawn = []
    for index, value in enumerate(values):
        if index in breaks:
            drawn.append(BREAK)
        drawn.append(_MISSING if value is None else _block(value, low, high))
    return "".join(drawn)


def _block(value: float, low: float, high: float) -> str:
    if high <= low:
        return _BLOCKS[0]  # all values are 0
    return _BLOCKS[round((value - low) / (high - low) * (len(_BLOCKS) - 1))]
