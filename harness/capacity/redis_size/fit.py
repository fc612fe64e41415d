"""Straight lines through the points: Redis's size as figures with intervals."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from harness.capacity.redis_size import lines
from harness.capacity.redis_size.foresee import foreseen
from harness.capacity.redis_size.lines import Estimate
from reports.capacity.findings import RedisPoint, RedisRestart, RedisSize
from reports.figures.figure import Figure, Label, unknown

SHARD_SHARE = 0.9
"""The share of its core at which a shard's main thread ends: a command waits for nine others then,
on average (M/M/1), and expiry, forks and INFO need the rest."""
GIB = 1024.0**3
_MORE_SIZES = "measure Redis with more numbers of sessions"


def fit(
    server: str,
    points: Sequence[RedisPoint],
    empty: Sequence[float],
    *,
    sync_s: float | None = None,
) -> RedisSize:
    """The figures from these points.

    `empty` are the bytes of the server without sessions, measured before each.  `sync_s` are the
    seconds a turn that `appendfsync always` takes more than `everysec`.

    Raises ValueError without a point.
    """
    points = sorted(points, key=lambda each: each.sessions)
    live = [each.live_bytes for each in points]
    restarts = [(point.live_bytes, each) for point in points for each in restarts_of(point)]
    bytes_then = [size for size, _ in restarts]
    gib_then = [size / GIB for size in bytes_then]
    turn = lines.mean([each for point in points for each in turns_of(point)])
    used = [each.rss_bytes / each.fragmentation for each in points]
    sizes = _measured(points)
    script_s = _figure(turn, "s", sizes)
    return RedisSize(
        server=server,
        points=tuple(points),
        bytes_per_session=_figure(
            lines.ratio([float(each.sessions) for each in points], live), "bytes", sizes
        ),
        empty_bytes=replace(_figure(lines.mean(list(empty)), "bytes", sizes), label=Label.MEASURED),
        fragmentation=_line(used, [each.rss_bytes for each in points], "share", sizes),
        rewrite_extra_share=_line(
            bytes_then,
            [each.rewrite_extra_bytes for _, each in restarts],
            "share",
            f"at the profile's rate; more writes need more, at most as much again; {sizes}",
        ),
        expired_share=_expired(points[-1]),
        fork_s_per_gib=_line(gib_then, [each.fork_s for _, each in restarts], "s/GiB", sizes),
        restart_s_per_gib=_line(gib_then, [each.restart_s for _, each in restarts], "s/GiB", sizes),
        turn_script_s=script_s,
        shard_turns_per_s=_shard(turn, sizes),
        turn_always_s=None if sync_s is None else _always(script_s, sync_s),
        foreseen=foreseen(points),
    )


def not_known(why: str) -> RedisSize:
    """Nothing was measured, for this reason."""
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
        turn_script_s=unknown("s", why),
        shard_turns_per_s=unknown("turns/s", why),
    )


def restarts_of(point: RedisPoint) -> tuple[RedisRestart, ...]:
    """The rewrites and restarts of a point, or its medians when they are not there singly."""
    return point.restarts or (
        RedisRestart(
            fork_s=point.fork_s,
            rewrite_s=point.rewrite_s,
            rewrite_extra_bytes=point.rewrite_extra_bytes,
            longest_pause_s=point.longest_pause_s,
            restart_s=point.restart_s,
        ),
    )


def turns_of(point: RedisPoint) -> tuple[float, ...]:
    """The measurements of a turn of a point, or their median when they are not there singly."""
    return point.turn_scripts_s or (point.turn_script_s,)


def _line(x: Sequence[float], y: Sequence[float], unit: str, sizes: str) -> Figure:
    """The slope of a line with a constant, which is what a small server has already."""
    if len(set(x)) < 2:
        return unknown(unit, _MORE_SIZES)
    return _figure(lines.slope(x, y), unit, sizes)


def _expired(largest: RedisPoint) -> Figure:
    # No line: the share grows with the number of keys and levels off.
    return Figure(
        value=largest.expired_bytes / largest.live_bytes,
        unit="share",
        label=Label.FITTED,
        why=f"at the profile's rate with {largest.sessions:,} sessions; it is less with fewer, and "
        "Redis keeps it below about 10 % with more",
    )


def _shard(turn: Estimate, sizes: str) -> Figure:
    if turn.value <= 0:
        return unknown("turns/s", "Redis's main thread used too little CPU: play more turns")
    low = None if turn.high is None else SHARD_SHARE / turn.high
    high = None if turn.low is None or turn.low <= 0 else SHARD_SHARE / turn.low
    return Figure(
        value=SHARD_SHARE / turn.value,
        unit="turns/s",
        label=Label.FITTED,
        low=low,
        high=high,
        why=f"the main thread at {100 * SHARD_SHARE:.0f} % of a core; {sizes}, one turn at a time",
    )


def _always(script_s: Figure, sync_s: float) -> Figure:
    def more(value: float | None) -> float | None:
        return None if value is None else value + sync_s

    return Figure(
        value=more(script_s.value),
        unit="s",
        label=Label.FITTED,
        low=more(script_s.low),
        high=more(script_s.high),
        why=f"{sync_s * 1000:.2f} ms more than with everysec, one turn at a time; turns that are "
        "written together share a flush",
    )


def _figure(estimate: Estimate, unit: str, sizes: str) -> Figure:
    return Figure(
        value=estimate.value,
        unit=unit,
        label=Label.FITTED,
        low=None if estimate.low is None else max(0.0, estimate.low),
        high=estimate.high,
        why=f"{sizes}; the points are within {100 * estimate.off:.1f} % of it",
    )


def _measured(points: Sequence[RedisPoint]) -> str:
    numbers = [f"{each.sessions:,}" for each in points]
    *most, last = numbers
    return f"measured with {', '.join(most)}{' and ' if most else ''}{last} sessions"
