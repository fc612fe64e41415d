"""How durable a write must be before it is acknowledged, and the commands that ensure it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError, ResponseError

from target_service.sessions.command import Command

WAIT_MS = 1300
"""Time-out of the server for WAIT and WAITAOF, milliseconds."""
_FSYNC = Command(("CONFIG", "GET", "appendfsync"))
ASIDE = ("WAIT", "WAITAOF", "CONFIG")
"""Commands sent beside a write; their errors are judged after the write's own."""


class NotDurable(RedisError):
    """The write was applied, but did not become as durable as required in time."""


@dataclass(frozen=True, slots=True)
class Durability:
    """The durability that is required of each write, ensured on the write's own connection.

    `memory`: no promise; the server may have no persistence.  `aof`: the promise of the server's
    own configuration.  With an append-only file that is flushed every second, a killed server
    usually keeps every acknowledged write, but during a slow flush it delays writes to the file by
    up to two seconds and can lose those.  Neither of these waits.  `fsync`: the write is on the
    primary's disk (WAITAOF, Redis 7.2 or newer, with `appendonly yes` and `appendfsync always`;
    every write checks both settings, so that after a failover to a server with other settings no
    write is acknowledged).  `replicated:N`: N replicas have the write in memory (WAIT), so that it
    survives a failover to one of them.
    """

    name: str
    wait: tuple[str | int, ...] = ()
    """The command to send after a write; empty: none."""
    _wanted: int = 0

    def commands(self) -> tuple[Command, ...]:
        """The commands to send after a write."""
        if not self.wait:
            return ()
        if self.name != "fsync":
            return (Command(self.wait),)
        # Under `everysec`, Redis 7.4 and Valkey 9.1 answer WAITAOF before the disk is written
        # (Redis pull request 13793), and any server can be reconfigured or fail over to another.
        return (Command(self.wait), _FSYNC)

    def check(self, answers: Sequence[Any]) -> None:
        """Judge the answers to `commands`.

        Raises NotDurable, or ResponseError when the server does not support the durability.
        """
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        if not answers:
            return
        # WAITAOF answers [number of local servers (0 or 1), number of replicas].
        reached = answers[0][0] if isinstance(answers[0], list) else answers[0]
        if reached < self._wanted:
            why = f"{reached} of {self._wanted} confirmed a write in time"
            raise NotDurable(f"{self.name}: {why}")
        if len(answers) > 1 and answers[1][1] != b"always":
            raise ResponseError(f"appendfsync must be always, got {answers[1][1].decode()}")


def parse(text: str) -> Durability:
    """The durability of this name.  Raises ValueError."""
    if text in ("memory", "aof"):
        return Durability(text)
    if text == "fsync":
        return Durability(text, ("WAITAOF", 1, 0, WAIT_MS), 1)
    if match := re.fullmatch(r"replicated:([1-9]\d?)", text):
        return Durability(text, ("WAIT", int(match[1]), WAIT_MS), int(match[1]))
    raise ValueError(f"durability must be `memory`, `aof`, `fsync` or `replicated:N`, got {text!r}")
