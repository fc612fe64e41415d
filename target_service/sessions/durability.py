"""What an acknowledged write has survived already, and how the server is asked for that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError, ResponseError

from target_service.sessions.command import Command

WAIT_MS = 1300
"""How long the server may take."""


class NotDurable(RedisError):
    """The write was applied, and has not become as durable as was asked in time."""


@dataclass(frozen=True, slots=True)
class Durability:
    """Asked of the server after each write, on the same connection.

    `memory`: nothing is promised, and the server may keep no file at all.  `aof`: what the
    server's own configuration promises.  With an append-only file that is flushed every second, a
    killed server keeps what it acknowledged as a rule; while a flush is slow it puts its writes to
    the file off, for up to two seconds, and loses those.  Both wait for nothing.  `fsync`: the
    write is on the primary's disk (WAITAOF, servers from Redis 7.2 on, with `appendonly yes` and
    `appendfsync always`; every server that may become primary must be configured so).
    `replicated:N`: N replicas have it in memory (WAIT), so that it survives a failover to one of
    them.
    """

    name: str
    wait: tuple[str | int, ...] = ()
    """The command to send after a write; empty: the write's own answer is enough."""
    _wanted: int = 0

    def commands(self) -> tuple[Command, ...]:
        """What to send after a write: one command or none."""
        return (Command(self.wait),) if self.wait else ()

    def questions(self) -> tuple[Command, ...]:
        """What to ask a server before it is trusted with this."""
        if self.name != "fsync":
            return ()
        # Under `everysec`, Redis 7.4 and Valkey 9.1 answer WAITAOF before the disk is written
        # (Redis pull request 13793).
        return (Command(("CONFIG", "GET", "appendfsync")), Command(self.wait))

    def judge(self, answers: Sequence[Any]) -> None:
        """Judge the answers to `questions`.  Raises ResponseError when the server is not fit."""
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        if answers and answers[0][1] != b"always":
            raise ResponseError(f"its appendfsync is {answers[0][1].decode()}, not always")

    def check(self, answers: Sequence[Any]) -> None:
        """Judge the answers to `commands`.

        Raises NotDurable, or the ResponseError that the server gave.
        """
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
            # WAITAOF tells [by how many servers here (0 or 1), by how many replicas].
            reached = answer[0] if isinstance(answer, list) else answer
            if reached < self._wanted:
                why = f"{reached} of {self._wanted} confirmed a write in time"
                raise NotDurable(f"{self.name}: {why}")


def parse(text: str) -> Durability:
    """The durability of this name.  Raises ValueError."""
    if text in ("memory", "aof"):
        return Durability(text)
    if text == "fsync":
        return Durability(text, ("WAITAOF", 1, 0, WAIT_MS), 1)
    if match := re.fullmatch(r"replicated:([1-9]\d?)", text):
        return Durability(text, ("WAIT", int(match[1]), WAIT_MS), int(match[1]))
    raise ValueError(
        f"durability is {text!r}; `memory`, `aof`, `fsync` or `replicated:N` was expected"
    )
