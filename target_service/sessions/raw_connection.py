"""One connection to Redis, taken over from redis-py once it is open: bytes out, answers in.

redis-py connects, logs in and asks Sentinel who is primary.  After that its streams cost more than
the rest of a call: this is the same socket without them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import hiredis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

_INCOMPLETE = object()
"""What the reader gives while an answer is not complete; no answer is this object."""


class Lane(asyncio.Protocol):
    """The socket of a connection; one question at a time."""

    def __init__(
        self,
        transport: Any,
        before: asyncio.BaseProtocol,
        error: Callable[[str], Exception],
    ) -> None:
        """`before` had the transport until now, and still hears of its end.

        `error` makes an exception of what a server says after a minus sign.
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
        """Whether a question may be asked: it is open, and nothing came unasked."""
        return self._usable and not self._transport.is_closing()

    async def ask(self, data: bytes, count: int, seconds: float) -> list[Any]:
        """Send, and wait for so many answers, errors among them.

        Raises ConnectionError or TimeoutError of redis-py; the lane is then of no more use.
        """
        self._asked, self._wanted, self._got = self._loop.create_future(), count, []
        alarm = self._loop.call_later(seconds, self._expire)
        try:
            self._transport.write(data)
            return await self._asked
        except BaseException:
            # Answers that are still on their way, after a cancellation say, must not meet the next
            # one who asks.
            self._usable = False
            raise
        finally:
            self._asked = None
            alarm.cancel()

    def data_received(self, data: bytes) -> None:
        """From the transport: a piece of an answer."""
        try:
            self._reader.feed(data)
            while (answer := self._reader.gets()) is not _INCOMPLETE:
                self._got.append(answer)
        except RedisConnectionError as error:
            self._fail(error)
            return
        if self._asked is None or self._asked.done() or len(self._got) > self._wanted:
            self._fail(RedisConnectionError("Redis answered what nobody had asked"))
        elif len(self._got) == self._wanted:
            self._asked.set_result(self._got)

    def eof_received(self) -> bool | None:
        """From the transport: the server closed the connection."""
        self._fail(RedisConnectionError("Connection closed by server."))
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """From the transport: it is closed."""
        self._fail(RedisConnectionError(f"Connection lost: {error or 'closed'}"))
        self._before.connection_lost(error)

    def _expire(self) -> None:
        self._fail(late())

    def _fail(self, error: Exception) -> None:
        self._usable = False
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(error)


def lane_of(connection: Any) -> Lane | None:
    """The lane of a connection of redis-py's, if it is open and of use."""
    if connection.is_connected:
        protocol = _parts(connection)[0].get_protocol()
        if isinstance(protocol, Lane) and protocol.usable:
            return protocol
    return None


async def opened(connection: Any, seconds: float) -> Lane:
    """The lane of a connection that is opened for it, anew if need be.

    Raises redis-py's errors of connecting.
    """
    await connection.disconnect(nowait=True)
    try:
        async with asyncio.timeout(seconds):
            await connection.connect()
    except TimeoutError:
        raise late() from None
    transport, error = _parts(connection)
    lane = Lane(transport, transport.get_protocol(), error)
    transport.set_protocol(lane)
    return lane


def _parts(connection: Any) -> tuple[asyncio.Transport, Callable[[str], Exception]]:
    """The socket of an open connection of redis-py's, and what makes exceptions of its errors.

    The only place that uses private names of redis-py: pyproject.toml pins its version, and a test
    fails where a new one has changed them.
    """
    return connection._writer.transport, connection._parser.parse_error


def late() -> RedisTimeoutError:
    """What is raised when time is over."""
    return RedisTimeoutError("Redis did not answer in time")
