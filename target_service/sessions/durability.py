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
_FSYNC = Command(("CONFIG", "GET", "appendfsync"))
ASIDE = ("WAIT", "WAITAOF", "CONFIG")
"""What is asked beside a write: an error in answer to these is judged after the write's own."""


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
    `appendfsync always`; each write makes sure of both, so that after a failover to a server
    configured otherwise nothing is acknowledged).
    `replicated:N`: N replicas have it in memory (WAIT), so that it survives a failover to one of
    them.
    """

    name: str
    wait: tuple[str | int, ...] = ()
    """The command to send after a write; empty: the write's own answer is enough."""
    _wanted: int = 0

    def commands(self) -> tuple[Command, ...]:
        """What to send after a write."""
        if not self.wait:
            return ()
        if self.name != "fsync":
            return (Command(self.wait),)
        # Under `everysec`, Redis 7.4 and Valkey 9.1 answer WAITAOF before the disk is written
        # (Redis pull request 13793), and every server can be reconfigured, or fail over to another.
        return (Command(self.wait), _FSYNC)

    def check(self, answers: Sequence[Any]) -> None:
        """Judge the answers to `commands`.

        Raises NotDurable, or ResponseError when the server cannot do it.
        """
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        if not answers:
            return
        # WAITAOF tells [by how many servers here (0 or 1), by how many replicas].
        reached = answers[0][0] if isinstance(answers[0], list) else answers[0]
        if reached < self._wanted:
            why = f"{reached} of {self._wanted} confirmed a write in time"
            raise NotDurable(f"{self.name}: {why}")
        if len(answers) > 1 and answers[1][1] != b"always":
            raise ResponseError(f"its appendfsync is {answers[1][1].decode()}, not always")


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
