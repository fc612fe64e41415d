"""Straight lines through the points: Redis's size as figures with intervals."""

from __future__ import annotations

from collections.abc import Sequence

from harness.capacity.redis_size import lines
from harness.capacity.redis_size.lines import Estimate
from reports.capacity.figure import Figure, Label, unknown
from reports.capacity.findings import RedisPoint, RedisSize

SHARD_SHARE = 0.8
"""A shard ends where its main thread is so busy: its commands wait four service times then (M/M/1),
and the rest is left for expiry, INFO and forks."""
GIB = 1024.0**3
_FEW = 2


def fit(server: str, points: Sequence[RedisPoint], empty: Sequence[float]) -> RedisSize:
    """The figures from these points; `empty` are the bytes of the server without sessions, measured
    before each.

    Raises ValueError without a point.
    """
    points = sorted(points, key=lambda each: each.sessions)
    sessions = [float(each.sessions) for each in points]
    live = [each.live_bytes for each in points]
    gib = [each.live_bytes / GIB for each in points]
    turn = lines.mean([each.turn_script_s for each in points])
    rewrites = [each.rewrite_extra_bytes for each in points]
    return RedisSize(
        server=server,
        points=tuple(points),
        bytes_per_session=_figure(lines.ratio(sessions, live), "bytes", points),
        empty_bytes=_figure(lines.mean(list(empty)), "bytes", points, Label.MEASURED),
        fragmentation=_figure(lines.mean([each.fragmentation for each in points]), "share", points),
        rewrite_extra_share=_figure(lines.ratio(live, rewrites), "share", points),
        expired_share=_figure(
            lines.ratio(live, [each.expired_bytes for each in points]), "share", points
        ),
        fork_s_per_gib=_line(gib, [each.fork_s for each in points], points),
        restart_s_per_gib=_line(gib, [each.restart_s for each in points], points),
        turn_script_s=_figure(turn, "s", points),
        shard_turns_per_s=_shard(turn, points),
    )


def not_known(why: str) -> RedisSize:
    """Nothing was measured, for this reason."""
    seconds = unknown("s", why)
    return RedisSize(
        server="",
        points=(),
        bytes_per_session=unknown("bytes", why),
        empty_bytes=unknown("bytes", why),
        fragmentation=unknown("share", why),
        rewrite_extra_share=unknown("share", why),
        expired_share=unknown("share", why),
        fork_s_per_gib=unknown("s/GiB", why),
        restart_s_per_gib=unknown("s/GiB", why),
        turn_script_s=seconds,
        shard_turns_per_s=unknown("turns/s", why),
    )


def _line(gib: Sequence[float], seconds: Sequence[float], points: Sequence[RedisPoint]) -> Figure:
    if len(points) < _FEW:
        return unknown("s/GiB", "measure Redis with two numbers of sessions or more")
    return _figure(lines.slope(gib, seconds), "s/GiB", points)


def _shard(turn: Estimate, points: Sequence[RedisPoint]) -> Figure:
    if turn.value <= 0:
        return unknown("turns/s", "Redis's main thread used too little CPU to be measured")
    low = None if turn.high is None else SHARD_SHARE / turn.high
    high = None if turn.low is None or turn.low <= 0 else SHARD_SHARE / turn.low
    return Figure(
        value=SHARD_SHARE / turn.value,
        unit="turns/s",
        label=Label.FITTED,
        low=low,
        high=high,
        why=f"the main thread at {SHARD_SHARE:.0%} of a core; {_measured(points)}",
    )


def _figure(
    estimate: Estimate, unit: str, points: Sequence[RedisPoint], label: Label = Label.FITTED
) -> Figure:
    return Figure(
        value=estimate.value,
        unit=unit,
        label=label,
        low=None if estimate.low is None else max(0.0, estimate.low),
        high=estimate.high,
        why=f"{_measured(points)}; the points are within {estimate.off:.1%} of it",
    )


def _measured(points: Sequence[RedisPoint]) -> str:
    sizes = " and ".join(f"{each.sessions:,}" for each in points)
    return f"measured with {sizes} sessions"
