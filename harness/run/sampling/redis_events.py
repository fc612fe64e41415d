"""Slow moments that Redis itself recorded: its slow log and its latency monitor."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

_MOST = 128


@dataclass(frozen=True, slots=True)
class SlowMoment:
    """One slow command, or one stall of the server."""

    source: str
    """`slowlog:<COMMAND>` or `latency:<event>`; no key, no argument: they may be a customer's."""
    at: float
    """Unix epoch seconds."""
    ms: float
    """How long it took."""


def slow_moments(clients: Sequence[Redis], since: float) -> Iterator[SlowMoment]:
    """The slow moments on these servers since a Unix time; silent servers are left out."""
    for client in clients:
        with contextlib.suppress(RedisError):
            yield from (each for each in _slow_log(client) if each.at >= since)
        with contextlib.suppress(RedisError):
            yield from (each for each in _stalls(client) if each.at >= since)


def _slow_log(client: Redis) -> Iterator[SlowMoment]:
    entries: Any = client.slowlog_get(_MOST)
    for entry in entries:
        command = _word(entry["command"]).split(" ", 1)[0].upper()
        yield SlowMoment(
            f"slowlog:{command}", float(entry["start_time"]), float(entry["duration"]) / 1000
        )


def _stalls(client: Redis) -> Iterator[SlowMoment]:
    untyped: Any = client
    for event, *_ in untyped.execute_command("LATENCY", "LATEST"):
        for at, ms in untyped.execute_command("LATENCY", "HISTORY", event):
            yield SlowMoment(f"latency:{_word(event)}", float(at), float(ms))


def _word(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
