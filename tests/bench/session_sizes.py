"""What a session costs on the wire and in Redis, and how long a read of it takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from redis import Redis

from tests.bench.session_services import APP, USER, Contender

PlayTurn = Callable[[Contender, str, int], Awaitable[None]]

_READS = 300


async def report(redis: Redis, chosen: list[Contender], play: PlayTurn, turns: int) -> None:
    """Print bytes and round trips per turn, bytes per session, and the time of a read."""
    print(f"\n{f'at {turns} turns':<16}{'in/turn':>9}{'out/turn':>9}{'scripts':>9}", end="")
    print(f"{'in Redis':>11}{'× JSON':>8}{'read p50':>11}{'p99':>9}")
    for each in chosen:
        session_id = f"size-{turns}"
        await each.service.create_session(app_name=APP, user_id=USER, session_id=session_id)
        for turn in range(turns - 6):
            await play(each, session_id, turn)
        before = _traffic(redis)
        for turn in range(turns - 6, turns):
            await play(each, session_id, turn)
        spent = [(after - start) / 6 for after, start in zip(_traffic(redis), before, strict=True)]
        session = await each.service.get_session(app_name=APP, user_id=USER, session_id=session_id)
        assert session is not None
        visible = len(session.model_dump_json(by_alias=True, exclude_none=True))
        stored = _stored(redis, each, session_id)
        reads = sorted([await _read(each, session_id) for _ in range(_READS)])
        in_redis = "–" if stored is None else f"{stored / 1000:.1f} kB"
        share = "–" if stored is None else f"{stored / visible:.2f}"
        print(
            f"{each.name:<16}{spent[0]:>7.0f} B{spent[1]:>7.0f} B{spent[2]:>9.1f}{in_redis:>11}"
            f"{share:>8}{statistics.median(reads) * 1000:>8.2f} ms"
            f"{reads[int(_READS * 0.99)] * 1000:>6.2f} ms"
        )


async def _read(each: Contender, session_id: str) -> float:
    begun = time.perf_counter()
    await each.service.get_session(app_name=APP, user_id=USER, session_id=session_id)
    return time.perf_counter() - begun


def _traffic(redis: Redis) -> tuple[float, float, float]:
    """Bytes into and out of the server, and scripts run, since it started."""
    stats: dict[str, Any] = dict(redis.info("stats"))
    commands: dict[str, Any] = dict(redis.info("commandstats"))
    scripts = commands.get("cmdstat_evalsha", {}).get("calls", 0)
    return stats["total_net_input_bytes"], stats["total_net_output_bytes"], scripts


def _stored(redis: Redis, each: Contender, session_id: str) -> float | None:
    """Bytes that the keys of the session take, by `MEMORY USAGE`; None when not in Redis."""
    if each.redis_prefix is None:
        return None
    keys = redis.scan_iter(match=f"{each.redis_prefix}*{session_id}*", count=1000)
    return float(sum(int(str(redis.memory_usage(key, samples=0))) for key in keys))
