"""Clients for Redis: they send batches, and repeat them when that may help.

Retries are made only here: a connection by itself never tries twice.
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
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from target_service.sessions.command import Batch, Command, packed
from target_service.sessions.durability import ASIDE
from target_service.sessions.raw_connection import RawConnection, late, opened, raw_connection_of

WHOLE_CALL_S = 1.7
"""Limit of a call with its retries: without Redis, the service must answer within two seconds."""
ATTEMPTS = 3
_PAUSE_S = 0.03
_ASKING = packed(("ASKING",))


class RedisClient(ABC):
    """A client of one Redis of any form.  Raises RedisError of redis-py within `WHOLE_CALL_S`."""

    def __init__(self, connections: int, answer_s: float) -> None:
        # Limits the connections, so that waiting calls do not flood a Redis that has come back.
        self._room = asyncio.Semaphore(connections)
        self._answer_s = answer_s

    @abstractmethod
    async def run(self, *batches: Batch) -> list[list[Any]]:
        """The answers of each batch, in one round trip on one server, in parallel on several.

        Raises an error answer.  An error answer to an `ASIDE` command is returned instead, because
        an error of the write before it takes precedence.
        """

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""


class SingleServerClient(RedisClient):
    """A single server, or the primary that Sentinel names.

    `pool` only creates connections, because its work for each call costs more than the call.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        connections: int,
        answer_s: float,
        *,
        is_current: Callable[[Any], bool] | None = None,
        close_too: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`is_current` says whether an open connection still leads to the right server."""
        super().__init__(connections, answer_s)
        self._pool: Any = pool
        self._is_current = is_current
        self._close_too = close_too
        self._made: list[Any] = []
        self._idle: list[Any] = []

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.gather(*(each.disconnect() for each in self._made), return_exceptions=True)
        await self._pool.aclose()
        if self._close_too is not None:
            await self._close_too()

    async def run(self, *batches: Batch) -> list[list[Any]]:
        """See `RedisClient.run`."""
        end = asyncio.get_running_loop().time() + WHOLE_CALL_S
        first, *others = batches
        commands = (
            first.commands if not others else sum((b.commands for b in others), first.commands)
        )
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answers = checked(commands, await self._attempt(commands, end))
                break
            except RedisError as error:
                if attempt == ATTEMPTS or not is_worth_another_attempt(error):
                    raise
            await pause(attempt)
        if not others:
            return [answers]
        split, start = [], 0
        for batch in batches:
            split.append(answers[start : start + len(batch.commands)])
            start += len(batch.commands)
        return split

    async def _attempt(self, commands: Sequence[Command], end: float) -> list[Any]:
        await self._enter(end)
        connection = self._idle.pop() if self._idle else self._make()
        try:
            if self._is_current is not None and not self._is_current(connection):
                await connection.disconnect(nowait=True)
            seconds = min(self._answer_s, end - asyncio.get_running_loop().time())
            return await exchange(connection, commands, seconds, primary=True)
        finally:
            self._idle.append(connection)
            self._room.release()

    async def _enter(self, end: float) -> None:
        if not self._room.locked():
            await self._room.acquire()
            return
        try:
            async with asyncio.timeout_at(end):
                await self._room.acquire()
        except TimeoutError:
            raise late() from None

    def _make(self) -> Any:
        self._made.append(self._pool.make_connection())
        return self._made[-1]


async def exchange(
    connection: Any,
    commands: Sequence[Command],
    seconds: float,
    *,
    asking: bool = False,
    primary: bool = False,
) -> list[Any]:
    """Send the commands in one write and read their answers, errors among them.

    With `asking`, ASKING precedes each command, because a cluster is moving its slot to this node.
    With `primary`, a server that has become a replica counts as lost, and the next attempt looks
    for the new primary.
    """
    try:
        raw = raw_connection_of(connection) or await opened(connection, seconds)
        answers = await _ask(raw, [each.wire() for each in commands], seconds, asking)
        errors = [answer for answer in answers if isinstance(answer, RedisError)]
        if not errors:
            return answers
        if any(isinstance(error, NoScriptError) for error in errors):
            wires = [each.wire(in_full=True) for each in commands]
            answers = await _ask(raw, wires, seconds, asking)
        for answer in answers:
            if isinstance(answer, RedisConnectionError):  # for example, it is loading its data
                raise answer
            if primary and isinstance(answer, ReadOnlyError):
                raise RedisConnectionError("the server has become a replica")
        return answers
    except BaseException:
        await connection.disconnect(nowait=True)
        raise


async def _ask(raw: RawConnection, wires: list[bytes], seconds: float, asking: bool) -> list[Any]:
    if not asking:
        return await raw.ask(b"".join(wires), len(wires), seconds)
    wires = [each for wire in wires for each in (_ASKING, wire)]
    return (await raw.ask(b"".join(wires), len(wires), seconds))[1::2]


def checked(commands: Sequence[Command], answers: list[Any]) -> list[Any]:
    """The answers.  Raises the first error among them that does not answer an `ASIDE` command."""
    for command, answer in zip(commands, answers, strict=True):
        if isinstance(answer, ResponseError) and command.words[0] not in ASIDE:
            raise answer
    return answers


def is_worth_another_attempt(error: RedisError) -> bool:
    """Whether another attempt may succeed."""
    return isinstance(error, RedisConnectionError | RedisTimeoutError) and not isinstance(
        error, AuthenticationError | AuthorizationError
    )


async def pause(attempt: int) -> None:
    """Wait, longer after each attempt, with jitter."""
    await asyncio.sleep(_PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))
