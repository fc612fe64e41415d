"""The size of a session on the wire and in Redis, and the time of a read."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.asyncio.connection import AbstractConnection

from target_service.sessions.raw_connection import RawConnection
from tests.bench.session_services import APP, USER, Contender
from tests.bench.session_stage import Stage

_READS = 300
_TURNS = 6
"""Turns over which traffic is averaged."""


@dataclass(frozen=True)
class Size:
    """One service at one length."""

    name: str
    sent: float
    """Bytes into Redis, a turn."""
    received: float
    round_trips: float
    in_redis: float | None
    """Bytes of the session's keys by `MEMORY USAGE`; None when it is not in Redis."""
    visible: int
    """Bytes of the session as a customer's client is shown it, in JSON."""
    read_p50_s: float
    read_p99_s: float

    def __str__(self) -> str:
        """A row of the table."""
        in_redis = "–" if self.in_redis is None else f"{self.in_redis / 1000:.1f} kB"
        share = "–" if self.in_redis is None else f"{self.in_redis / self.visible:.2f}"
        return (
            f"{self.name:<16}{self.sent:>9.0f} B{self.received:>9.0f} B{self.round_trips:>8.1f}"
            f"{in_redis:>12}{share:>8}{self.read_p50_s * 1000:>8.2f} ms"
            f"{self.read_p99_s * 1000:>7.2f} ms"
        )


HEAD = (
    f"{'':<16}{'in/turn':>11}{'out/turn':>11}{'trips':>8}{'in Redis':>12}{'× JSON':>8}"
    f"{'read p50':>11}{'p99':>10}"
)


async def measure(redis: Redis, stage: Stage, turns: int) -> dict[str, Size]:
    """Every contender's size at this length; prints the table."""
    print(f"\nat {turns} turns\n{HEAD}")
    sizes = {each.name: await _size(redis, stage, each, turns) for each in stage.chosen}
    for size in sizes.values():
        print(size, flush=True)
    return sizes


async def _size(redis: Redis, stage: Stage, each: Contender, turns: int) -> Size:
    session_id = f"size-{turns}"
    await stage.seat(each, session_id, turns - _TURNS - 1)
    await stage.play(each, session_id, turns - _TURNS - 1)  # fills the rest of the session
    asking, before = _traffic(redis), _traffic(redis)
    with _counted_writes() as writes:
        for turn in range(turns - _TURNS, turns):
            await stage.play(each, session_id, turn)
    sent, received = (
        (after - start - (start - asked)) / _TURNS
        for asked, start, after in zip(asking, before, _traffic(redis), strict=True)
    )
    session = await each.service.get_session(app_name=APP, user_id=USER, session_id=session_id)
    assert session is not None
    reads = sorted([await _read(each, session_id) for _ in range(_READS)])
    return Size(
        name=each.name,
        sent=sent,
        received=received,
        round_trips=len(writes) / _TURNS,
        in_redis=_stored(redis, each, session_id),
        visible=len(session.model_dump_json(by_alias=True, exclude_none=True).encode()),
        read_p50_s=statistics.median(reads),
        read_p99_s=reads[int(_READS * 0.99)],
    )


async def _read(each: Contender, session_id: str) -> float:
    begun = time.perf_counter()
    await each.service.get_session(app_name=APP, user_id=USER, session_id=session_id)
    return time.perf_counter() - begun


def _traffic(redis: Redis) -> tuple[float, float]:
    """Bytes into and out of the server since it started."""
    stats: dict[str, Any] = dict(redis.info("stats"))
    return stats["total_net_input_bytes"], stats["total_net_output_bytes"]


@contextlib.contextmanager
def _counted_writes() -> Iterator[list[None]]:
    """Grows by one each time that a client writes to its socket: each waits for an answer."""
    writes: list[None] = []
    with contextlib.ExitStack() as undo:
        # ADK's service sends through redis-py, ours through its raw connections.
        for owner, verb in ((AbstractConnection, "send_packed_command"), (RawConnection, "ask")):
            send = getattr(owner, verb)
            setattr(owner, verb, _counted(send, writes))
            undo.callback(setattr, owner, verb, send)
        yield writes


def _counted(send: Callable[..., Awaitable[Any]], writes: list[None]) -> Callable[..., Any]:
    async def counted(*args: Any, **kwargs: Any) -> Any:
        writes.append(None)
        return await send(*args, **kwargs)

    return counted


def _stored(redis: Redis, each: Contender, session_id: str) -> float | None:
    if each.redis_prefix is None:
        return None
    keys = redis.scan_iter(match=f"{each.redis_prefix}*{session_id}*", count=1000)
    return float(sum(int(str(redis.memory_usage(key, samples=0))) for key in keys))
