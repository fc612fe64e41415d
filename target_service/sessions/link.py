"""The way to Redis: sends batches, and sends them again when that may help.

Retries are made here and nowhere below: a connection by itself never tries twice.
"""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import ConnectionPool
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    NoScriptError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from target_service.sessions.command import Batch, Command, packed

WHOLE_CALL_S = 1.7
"""Retries included: the service promises an answer within two seconds of Redis being gone."""
ATTEMPTS = 3
_PAUSE_S = 0.03
_ASKING = packed(("ASKING",))


class Link(ABC):
    """One Redis, in whatever form.  Raises `redis.exceptions.RedisError`, within `WHOLE_CALL_S`."""

    def __init__(self, connections: int) -> None:
        # A Redis that comes back is not stormed: whoever waits here has no connection to open.
        self._room = asyncio.Semaphore(connections)

    async def run(self, *batches: Batch) -> list[list[Any]]:
        """Each batch's answers: in one round trip on one server, at the same time on several.

        An error in answer to a command is raised.  One in answer to WAIT or WAITAOF is handed
        out: the write before it may have been refused, and that counts for more.
        """
        try:
            async with asyncio.timeout(WHOLE_CALL_S):
                return await self._run(batches)
        except TimeoutError:
            raise RedisTimeoutError("Redis did not answer in time") from None

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""

    @abstractmethod
    async def _run(self, batches: Sequence[Batch]) -> list[list[Any]]:
        """Each batch's answers."""


class OneServer(Link):
    """A single server, or the primary that Sentinel names: `pool` finds it.

    Each attempt gets `answer_s`, and needs no time-outs on the pool's connections: redis-py starts
    a task for each write that has one.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        connections: int,
        answer_s: float,
        close_too: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(connections)
        self._pool: Any = pool
        self._answer_s = answer_s
        self._close_too = close_too

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()
        if self._close_too is not None:
            await self._close_too()

    async def _run(self, batches: Sequence[Batch]) -> list[list[Any]]:
        commands = [command for batch in batches for command in batch.commands]
        answers = checked(commands, await self._attempts(commands))
        split, start = [], 0
        for batch in batches:
            split.append(answers[start : start + len(batch.commands)])
            start += len(batch.commands)
        return split

    async def _attempts(self, commands: Sequence[Command]) -> list[Any]:
        for attempt in range(1, ATTEMPTS):
            try:
                return await self._attempt(commands)
            except RedisError as error:
                if not is_worth_another_attempt(error):
                    raise
            await pause(attempt)
        return await self._attempt(commands)

    async def _attempt(self, commands: Sequence[Command]) -> list[Any]:
        async with self._room:
            try:
                async with asyncio.timeout(self._answer_s):
                    connection = await self._pool.get_connection()
                    try:
                        return await exchange(connection, commands)
                    finally:
                        await self._pool.release(connection)
            except TimeoutError:
                raise RedisTimeoutError("Redis did not answer in time") from None


async def exchange(
    connection: Any, commands: Sequence[Command], *, asking: bool = False
) -> list[Any]:
    """Send the commands in one write and read their answers, errors among them.

    With `asking`, each is preceded by ASKING: a cluster is moving its slot to this node.
    """
    answers = await _talk(connection, [each.wire() for each in commands], asking)
    if any(isinstance(answer, NoScriptError) for answer in answers):
        answers = await _talk(connection, [each.wire(in_full=True) for each in commands], asking)
    return answers


def checked(commands: Sequence[Command], answers: list[Any]) -> list[Any]:
    """The answers.  Raises the first error among them, unless it answers a wait."""
    for command, answer in zip(commands, answers, strict=True):
        if isinstance(answer, ResponseError) and command.words[0] not in ("WAIT", "WAITAOF"):
            raise answer
    return answers


def is_worth_another_attempt(error: RedisError) -> bool:
    """Whether the same may go well a moment later."""
    return isinstance(error, RedisConnectionError | RedisTimeoutError) and not isinstance(
        error, AuthenticationError | AuthorizationError
    )


async def pause(attempt: int) -> None:
    """Wait a little, longer each time, and never all askers equally long."""
    await asyncio.sleep(_PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))


async def _talk(connection: Any, wires: Sequence[bytes], asking: bool) -> list[Any]:
    if asking:
        wires = [each for wire in wires for each in (_ASKING, wire)]
    try:
        await connection.send_packed_command(b"".join(wires))
        answers = [await _answer(connection) for _ in wires]
    except BaseException:
        # Answers that are still on their way, after a cancellation say, must not meet the next
        # one who asks.
        await connection.disconnect(nowait=True)
        raise
    return answers[1::2] if asking else answers


async def _answer(connection: Any) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error
