"""One request and its response, over ASGI: reading within a limit, and waiting for a hang-up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_JSON = b"application/json; charset=UTF-8"
_SHORTEST_WAIT_S = 0.001
"""Anything shorter is not waited for: the event loop is no more exact."""


class HungUp(ConnectionError):
    """The client closed the connection before its answer was complete."""


class TooLarge(ValueError):
    """The body of a request is larger than the limit."""


class Exchange:
    """A request being answered."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query_string: str = scope.get("query_string", b"").decode("latin-1")
        self.headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        self.started = False
        """The status has been sent."""
        self._receive = receive
        self._send = send
        self._hang_up: asyncio.Future[Message] | None = None

    def header(self, name: bytes) -> str:
        """The value of a header (its name in lower case); "" without it."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")

    def query(self, name: str) -> str:
        """The value of a query parameter; "" without it."""
        return parse_qs(self.query_string).get(name, [""])[0]

    async def body(self, limit: int) -> bytes:
        """The whole body.  Raises TooLarge over `limit` bytes, and HungUp."""
        chunks, size = [], 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise HungUp
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise TooLarge
            chunks.append(chunk)
            if not message.get("more_body"):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def wait_until(self, moment: float) -> None:
        """Wait for a moment of the event loop's clock.  Raises HungUp as soon as the client goes.

        The body must have been read.
        """
        seconds = moment - asyncio.get_running_loop().time()
        if seconds < _SHORTEST_WAIT_S:
            return
        if self._hang_up is None:
            # Nothing but the end of the connection can follow the body.
            self._hang_up = asyncio.ensure_future(self._receive())
        await asyncio.wait((self._hang_up,), timeout=seconds)
        if self._hang_up.done():
            raise HungUp

    async def answer(
        self,
        status: int,
        body: bytes,
        headers: list[tuple[bytes, bytes]] | None = None,
        *,
        content_type: bytes = _JSON,
    ) -> None:
        """Send the whole response."""
        await self.begin(status, content_type, len(body), headers)
        await self._send({"type": "http.response.body", "body": body})

    async def begin(
        self,
        status: int,
        content_type: bytes,
        length: int | None = None,
        headers: list[tuple[bytes, bytes]] | None = None,
    ) -> None:
        """Send the status and the headers; `length` None: the body comes in pieces."""
        sent = [(b"content-type", content_type), *(headers or ())]
        if length is not None:
            sent.append((b"content-length", str(length).encode()))
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": sent})

    async def piece(self, data: bytes, *, last: bool = False) -> None:
        """Send a piece of the body.  A response without its last piece is broken off."""
        await self._send({"type": "http.response.body", "body": data, "more_body": not last})

    def close(self) -> None:
        """Stop waiting for a hang-up."""
        if self._hang_up is not None:
            self._hang_up.cancel()
