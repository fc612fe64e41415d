"""How much Redis a load needs: its processor, its memory, its shards and its nodes."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from reports.capacity.findings import Demand, RedisSize
from reports.capacity.prices import NodePrice, Prices
from reports.capacity.reach import REACH, Reach
from reports.capacity.target import Assumptions, Target
from reports.figures.derive import assumed, derive, percent, up, weakest
from reports.figures.figure import Figure, Label, unknown

NOT_MEASURED = "no Redis of real size was measured; `diya capacity` with its prefill would tell"
_MOST_SPLIT = 4
"""Times as many shards as processor and memory need, at most, for want of larger measurements."""
_MOST_SHARDS = 1000
"""Redis Cluster's own advice for the most nodes."""


@dataclass(frozen=True, slots=True)
class ShardMemory:
    """The memory of one shard, bytes."""

    live: Figure
    expired: Figure
    rewrite: Figure
    fragments: Figure
    total: Figure


@dataclass(frozen=True, slots=True)
class RedisPlan:
    """The plan of Redis."""

    share: Figure
    """The share of one core that all the load takes of Redis's main thread."""
    knee: Figure
    """Turns a second that one shard carries."""
    sessions: Figure
    """Sessions of one shard."""
    shards: Figure
    bound: str
    """The reason for this many shards, in a sentence."""
    memory: ShardMemory
    node: NodePrice | None
    """The size of node; None: not known."""
    node_bytes: Figure
    maxmemory: Figure


def plan_redis(
    target: Target,
    size: RedisSize | None,
    prices: Prices,
    assumptions: Assumptions,
    demand: Demand | None = None,
    reach: Reach = REACH,
) -> RedisPlan:
    """The plan for a target.

    The number of shards is the smallest that keeps each within its share of processor time, within
    `reach.sessions` times the largest measured number of sessions, and whose memory fits a node;
    the size of node is the one that costs the least.
    """
    if size is None or not size.points:
        why = "" if size is None else size.bytes_per_session.why
        return unknown_plan(why or NOT_MEASURED)
    size = replace(size, bytes_per_session=_session_bytes(target, size, demand))
    share = derive(
        lambda rate, seconds: rate * seconds, target.turns_per_s, size.turn_script_s, unit="share"
    )
    largest = max(point.sessions for point in size.points)
    asked = _shards_asked(target, size, reach, assumptions, largest)
    if isinstance(asked, str):
        return unknown_plan(asked, share, size.shard_turns_per_s)
    split = _split_too_often(target, size, prices, assumptions, asked, reach)
    if split:
        return unknown_plan(split, share, size.shard_turns_per_s)
    fitting = [
        (shards * node.hour, shards, node)
        for node in prices.redis.node
        for shards in [_fitting(target, size, node, assumptions, max(asked.values()))]
        if shards is not None
    ]
    if not fitting:
        why = f"no size of node in the prices holds it, even with {_MOST_SHARDS:,} shards"
        return unknown_plan(why, share, size.shard_turns_per_s)
    _, shards, node = min(fitting, key=lambda each: (each[0], each[1]))
    asked["the memory of a node"] = shards
    most = max(asked, key=lambda reason: (asked[reason], reason != "the memory of a node"))
    memory = _memory(target, size, shards)
    return RedisPlan(
        share,
        size.shard_turns_per_s,
        replace(_each(target.live_sessions, shards, "sessions"), label=Label.ASSUMED),
        Figure(
            value=shards,
            unit="shards",
            label=weakest(memory.total.label, size.shard_turns_per_s.label),
            why="; ".join(f"{reason}: {count}" for reason, count in asked.items()),
        ),
        _bound(most, asked, largest, reach),
        memory,
        node=node,
        node_bytes=assumed(node.memory_bytes, "bytes", f"{node.name}, from the file of prices"),
        maxmemory=assumed(
            assumptions.maxmemory_share * node.memory_bytes,
            "bytes",
            f"{percent(assumptions.maxmemory_share)} of the node",
        ),
    )


def shards_for(rate: float, per_shard: float, utilisation: float) -> int:
    """The fewest shards of which each has at most `utilisation` of its load."""
    return max(up(rate / (per_shard * utilisation)), 1)


def _shards_asked(
    target: Target, size: RedisSize, reach: Reach, assumptions: Assumptions, largest: int
) -> dict[str, int] | str:
    """Reason → the shards that it asks for; a sentence when that is not known."""
    needed = (
        size.shard_turns_per_s,
        target.turns_per_s,
        target.live_sessions,
        size.bytes_per_session,
    )
    for figure in needed:
        if figure.value is None:
            return figure.why
    per_shard = size.shard_turns_per_s.low or size.shard_turns_per_s.value or 0.0
    if per_shard <= 0:
        return "the load that a shard carries must be measured"
    sessions = target.live_sessions.high or target.live_sessions.value or 0.0
    return {
        "processor": shards_for(
            target.turns_per_s.value or 0.0, per_shard, assumptions.shard_utilisation
        ),
        "measured sizes": max(up(sessions / (reach.sessions * largest)), 1),
    }


def _split_too_often(
    target: Target,
    size: RedisSize,
    prices: Prices,
    assumptions: Assumptions,
    asked: dict[str, int],
    reach: Reach,
) -> str:
    """Why the shards are not known, if want of measurements asks for most of them; else empty.

    More shards keep each within the measured sizes, and are a plan while they cost little.
    """
    tried = [
        _fitting(target, size, node, assumptions, asked["processor"]) for node in prices.redis.node
    ]
    needed = min((count for count in tried if count is not None), default=None)
    if needed is None or asked["measured sizes"] <= _MOST_SPLIT * needed:
        return ""
    sessions = (target.live_sessions.high or target.live_sessions.value or 0.0) / needed
    return (
        f"a shard would hold about {sessions:,.0f} sessions, more than {reach.sessions:g} times "
        f"those that were measured; a prefill of {up(sessions / reach.sessions):,} would tell "
        "(--redis-sizes)"
    )


def _session_bytes(target: Target, size: RedisSize, demand: Demand | None) -> Figure:
    """The bytes of a session with as many stored turns as the target's live sessions have.

    The prefill's sessions may have more or fewer; where that is not known they count as equal.
    """
    turns = target.turns_per_session
    if turns is None or demand is None or demand.redis_bytes.value is None:
        return size.bytes_per_session
    more = turns - size.points[-1].turns_per_session
    return derive(
        lambda session, turn: max(session + more * turn, 0.0),
        size.bytes_per_session,
        demand.redis_bytes,
        unit="bytes",
        why=f"sessions of {turns:.3g} turns",
    )


def _fitting(
    target: Target, size: RedisSize, node: NodePrice, assumptions: Assumptions, least: int
) -> int | None:
    """The fewest shards, at least `least`, whose memory fits `maxmemory` of this node."""
    room = assumptions.maxmemory_share * node.memory_bytes
    for shards in range(least, _MOST_SHARDS + 1):
        total = _memory(target, size, shards).total
        if (total.high or total.value or 0.0) <= room:
            return shards
    return None


def _memory(target: Target, size: RedisSize, shards: int) -> ShardMemory:
    sessions = _each(target.live_sessions, shards, "sessions")
    live = derive(
        lambda count, each, empty: count * each + empty,
        sessions,
        size.bytes_per_session,
        size.empty_bytes,
        unit="bytes",
        why="sessions within their TTL, and the empty server",
    )
    expired = _share_of(live, size.expired_share, "expired, not yet reclaimed, and still counted")
    rewrite = _share_of(live, size.rewrite_extra_share, "while the append-only file is rewritten")
    fragments = derive(
        lambda held, factor: held * max(factor - 1, 0.0),
        live,
        size.fragmentation,
        unit="bytes",
        why="memory that the allocator holds beyond the data",
    )
    total = derive(
        lambda *parts: sum(parts), live, expired, rewrite, fragments, unit="bytes", why="their sum"
    )
    return ShardMemory(live, expired, rewrite, fragments, total)


def _share_of(live: Figure, share: Figure, why: str) -> Figure:
    return derive(lambda held, part: held * part, live, share, unit="bytes", why=why)


def _each(whole: Figure, shards: int, unit: str) -> Figure:
    return derive(lambda count: count / shards, whole, unit=unit)


def _bound(most: str, asked: dict[str, int], largest: int, reach: Reach) -> str:
    if asked[most] == 1:
        return "one shard is enough"
    if most == "measured sizes":
        return (
            f"a shard may hold {reach.sessions:g} times the {largest:,} sessions that were "
            "measured; a larger prefill may need fewer shards"
        )
    return f"because of {'the processor' if most == 'processor' else most}"


def unknown_plan(why: str, share: Figure | None = None, knee: Figure | None = None) -> RedisPlan:
    """A plan that is not known, but for what is given."""
    none = unknown("bytes", why)
    return RedisPlan(
        share or unknown("share", why),
        knee or unknown("turns/s", why),
        unknown("sessions", why),
        unknown("shards", why),
        "",
        ShardMemory(none, none, none, none, none),
        node=None,
        node_bytes=none,
        maxmemory=none,
    )
