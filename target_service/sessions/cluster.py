"""A client for a Redis cluster: redis-py tracks the slots; each batch goes to its slot's owner."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    RedisClusterException,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from target_service.sessions.client import (
    ATTEMPTS,
    WHOLE_CALL_S,
    RedisClient,
    checked,
    exchange,
    is_worth_another_attempt,
    pause,
)
from target_service.sessions.command import Batch
from target_service.sessions.raw_connection import late

_PROMPT_REDIRECTIONS = 2
"""After more redirects in one call the nodes do not agree on the slot's owner yet: wait for them,
up to the limit of a call."""
_PATIENCE_S, _SILENCE_S = 0.3, 1.0
"""Limit on the wait for a slot that has a substitute answer, and the time until the next try."""
_SLOTS = 1000


class ClusterClient(RedisClient):
    """A client of a cluster.  A dead node fails only the calls that need its slots."""

    def __init__(self, client: RedisCluster, connections: int, answer_s: float) -> None:
        super().__init__(connections, answer_s)
        # Its own commands would not send a WAIT on the connection of the write, so only its node
        # tracking is used.
        self._client = client
        self._nodes = client.nodes_manager
        self._known = False
        self._silent: dict[str, float] = {}
        """Slot → the time until which commands with an `instead` answer skip it."""

    async def close(self) -> None:
        """Close the connections."""
        await self._nodes.aclose()
        await self._nodes.aclose("startup_nodes")

    async def run(self, *batches: Batch) -> list[list[Any]]:
        """As `RedisClient.run`."""
        try:
            async with asyncio.timeout(WHOLE_CALL_S):
                return await self._run(batches)
        except TimeoutError:
            raise late() from None

    async def _run(self, batches: Sequence[Batch]) -> list[list[Any]]:
        if len(batches) == 1:
            return [await self._attempts(batches[0])]
        answers = await asyncio.gather(
            *(self._answers(batch) for batch in batches), return_exceptions=True
        )
        for each in answers:
            if isinstance(each, BaseException):
                raise each
        return [each for each in answers if not isinstance(each, BaseException)]

    async def _answers(self, batch: Batch) -> list[Any]:
        if batch.instead is None:
            return await self._attempts(batch)
        clock = asyncio.get_running_loop().time
        if clock() < self._silent.get(batch.key, 0.0):
            return batch.instead
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._attempts(batch)
        except (RedisError, TimeoutError):
            if len(self._silent) >= _SLOTS:
                self._silent.clear()
            self._silent[batch.key] = clock() + _SILENCE_S
            return batch.instead

    async def _attempts(self, batch: Batch) -> list[Any]:
        attempt = redirections = 0
        ask: AskError | None = None
        while True:
            try:
                return checked(batch.commands, await self._attempt(batch, ask))
            except MovedError as error:
                await self._nodes.move_slot(error)
                ask = None
            except AskError as error:
                ask = error
            except TryAgainError:
                # The slot is moving to another node, and a script needs all of its keys on one
                # node: retry until the move is over.
                await pause(ATTEMPTS)
                ask = None
                continue
            except (RedisClusterException, RedisError) as error:
                attempt += 1
                if attempt >= ATTEMPTS or not _may_pass(error):
                    raise _as_redis_error(error) from None
                await pause(attempt)
                ask = None
                continue
            redirections += 1
            if redirections > _PROMPT_REDIRECTIONS:
                await pause(ATTEMPTS)

    async def _attempt(self, batch: Batch, ask: AskError | None) -> list[Any]:
        if not self._known:
            await self._nodes.initialize()
            self._known = True
        try:
            node = self._owner(batch, ask)
        except RedisClusterException:
            await self._nodes.initialize()
            raise
        try:
            async with self._room:
                return await self._exchange(node, batch, asking=ask is not None)
        except (RedisConnectionError, RedisTimeoutError, ClusterDownError):
            # Only failing calls refresh the slots' owners; calls for other slots are not delayed.
            node.update_active_connections_for_reconnect()
            await node.disconnect_free_connections()
            await self._nodes.initialize(last_failed_node_name=node.name)
            raise

    def _owner(self, batch: Batch, ask: AskError | None) -> ClusterNode:
        if ask is None:
            node = self._client.get_node_from_key(batch.key)
        else:
            node = self._nodes.get_node(host=ask.host, port=ask.port)
        if node is None:
            raise RedisClusterException("the cluster redirects to an unknown node")
        return node

    async def _exchange(self, node: ClusterNode, batch: Batch, *, asking: bool) -> list[Any]:
        connection = node.acquire_connection()
        try:
            await node.disconnect_if_needed(connection)
            return _redirected(
                await exchange(connection, batch.commands, self._answer_s, asking=asking)
            )
        finally:
            node.release(connection)


def _redirected(answers: list[Any]) -> list[Any]:
    """The answers.  Raises errors of the cluster, not those of a command."""
    for answer in answers:
        if isinstance(answer, AskError | TryAgainError | ClusterDownError):
            raise answer
    return answers


def _may_pass(error: Exception) -> bool:
    if isinstance(error, RedisError):
        return isinstance(error, ClusterDownError) or is_worth_another_attempt(error)
    return True


def _as_redis_error(error: Exception) -> RedisError:
    """Makes redis-py's errors of cluster topology RedisErrors, as callers expect."""
    return error if isinstance(error, RedisError) else RedisConnectionError(str(error))
