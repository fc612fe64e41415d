"""A raw connection to Redis: the socket of an open redis-py connection, without its streams.

redis-py connects, logs in and asks Sentinel for the primary.  After that its streams would cost
more than the rest of a call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import hiredis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

_INCOMPLETE = object()
"""Returned by the reader while an answer is incomplete; never an answer itself."""


class RawConnection(asyncio.Protocol):
    """The socket of a connection, for one call at a time."""

    def __init__(
        self,
        transport: Any,
        before: asyncio.BaseProtocol,
        error: Callable[[str], Exception],
    ) -> None:
        """`before`: the previous protocol of the transport, still told of the connection's end.

        `error` makes an exception from the text of an error answer.
        """
        self._transport = transport
        self._before: Any = before
        self._reader = hiredis.Reader(
            protocolError=RedisConnectionError, replyError=error, notEnoughData=_INCOMPLETE
        )
        self._loop = asyncio.get_running_loop()
        self._asked: asyncio.Future[list[Any]] | None = None
        self._wanted = 0
        self._got: list[Any] = []
        self._usable = True

    @property
    def usable(self) -> bool:
        """Whether it is open and has received no unexpected data."""
        return self._usable and not self._transport.is_closing()

    async def ask(self, data: bytes, count: int, seconds: float) -> list[Any]:
        """Send, and wait for this many answers, errors among them.

        Raises ConnectionError or TimeoutError of redis-py; the connection is then unusable.
        """
        self._asked, self._wanted, self._got = self._loop.create_future(), count, []
        alarm = self._loop.call_later(seconds, self._expire)
        try:
            self._transport.write(data)
            return await self._asked
        except BaseException:
            # Answers that are still on their way, for example after a cancellation, must not be
            # taken for answers to the next call.
            self._usable = False
            raise
        finally:
            self._asked = None
            alarm.cancel()

    def data_received(self, data: bytes) -> None:
        """Called by the transport with a piece of an answer."""
        try:
            self._reader.feed(data)
            while (answer := self._reader.gets()) is not _INCOMPLETE:
                self._got.append(answer)
        except RedisConnectionError as error:
            self._fail(error)
            return
        if self._asked is None or self._asked.done() or len(self._got) > self._wanted:
            self._fail(RedisConnectionError("Redis sent an answer without a request"))
        elif len(self._got) == self._wanted:
            self._asked.set_result(self._got)

    def eof_received(self) -> bool | None:
        """Called by the transport when the server closed the connection."""
        self._fail(RedisConnectionError("Connection closed by server."))
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the transport when it is closed."""
        self._fail(RedisConnectionError(f"Connection lost: {error or 'closed'}"))
        self._before.connection_lost(error)

    def _expire(self) -> None:
        self._fail(late())

    def _fail(self, error: Exception) -> None:
        self._usable = False
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(error)


def raw_connection_of(connection: Any) -> RawConnection | None:
    """The raw connection of a redis-py connection, if it is open and usable."""
    if connection.is_connected:
        protocol = _parts(connection)[0].get_protocol()
        if isinstance(protocol, RawConnection) and protocol.usable:
            return protocol
    return None


async def opened(connection: Any, seconds: float) -> RawConnection:
    """Open the redis-py connection again, and return its raw connection.

    Raises redis-py's connection errors.
    """
    await connection.disconnect(nowait=True)
    try:
        async with asyncio.timeout(seconds):
            await connection.connect()
    except TimeoutError:
        raise late() from None
    transport, error = _parts(connection)
    raw = RawConnection(transport, transport.get_protocol(), error)
    transport.set_protocol(raw)
    return raw


def _parts(connection: Any) -> tuple[asyncio.Transport, Callable[[str], Exception]]:
    """The transport of an open redis-py connection, and its constructor of error exceptions.

    The only place that uses private names of redis-py: pyproject.toml pins its version, and a test
    fails if a new version has changed them.
    """
    return connection._writer.transport, connection._parser.parse_error


def late() -> RedisTimeoutError:
    """The error of a call that took too long."""
    return RedisTimeoutError("Redis did not answer in time")
