"""Each size of Redis foreseen from the others: whether the lines hold where nothing was measured.

The largest size is the test that counts: a plan goes beyond the measurements in that direction.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from reports.capacity.findings import Foreseen, RedisPoint

_FEWEST = 3
"""Points: two others are needed for a line."""

_Number = Callable[[RedisPoint], float]

_LINES: dict[str, tuple[_Number, _Number]] = {
    "RSS": (lambda each: each.rss_bytes / each.fragmentation, lambda each: each.rss_bytes),
    "memory of a rewrite": (lambda each: each.live_bytes, lambda each: each.rewrite_extra_bytes),
    "fork": (lambda each: each.live_bytes, lambda each: each.fork_s),
    "rewrite": (lambda each: each.live_bytes, lambda each: each.rewrite_s),
    "restart": (lambda each: each.live_bytes, lambda each: each.restart_s),
}
"""Name → x and y of a line with a constant."""
_RATIOS: dict[str, tuple[_Number, _Number]] = {
    "live memory": (lambda each: each.sessions, lambda each: each.live_bytes),
    "main thread a turn": (lambda _: 1.0, lambda each: each.turn_script_s),
}
"""Name → x and y of a line through the origin."""


def foreseen(points: Sequence[RedisPoint]) -> tuple[Foreseen, ...]:
    """Each point with its distance from the lines through the others; none for fewer than three.

    From a line with a constant it is a share of the largest measured value, else of the point's.
    """
    if len(points) < _FEWEST:
        return ()
    ascending = sorted(points, key=lambda each: each.sessions)
    return tuple(
        Foreseen(
            sessions=point.sessions,
            off=_off(point, [each for each in ascending if each is not point]),
        )
        for point in ascending
    )


def _off(point: RedisPoint, others: Sequence[RedisPoint]) -> dict[str, float]:
    found = {}
    for name, (x, y) in _RATIOS.items():
        ratio = statistics.fmean(y(each) / x(each) for each in others)
        found[name] = ratio * x(point) / y(point) - 1 if y(point) else 0.0
    for name, (x, y) in _LINES.items():
        rise, base = statistics.linear_regression([x(e) for e in others], [y(e) for e in others])
        largest = max(map(y, (point, *others)))
        found[name] = (base + rise * x(point) - y(point)) / largest if largest else 0.0
    return found
