"""Middleware for every request: the replica's name, the bearer token, the limit on the body."""

from __future__ import annotations

import hmac

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from target_service.turns import request

_OPEN_PATHS = frozenset({"/livez", "/readyz"})
"""Paths without a token, for a load balancer's health checks; they show no data."""


class Health:
    """Whether the replica accepts traffic; the server clears it when it drains."""

    def __init__(self) -> None:
        self.ready = True


class Signature:
    """Puts the replica's name on every response; while it drains, `Connection: close` too.

    Otherwise a client that keeps its connection could send its next request just as the replica
    closes it, and would not know whether the request was processed.
    """

    def __init__(self, app: ASGIApp, *, name: str, health: Health) -> None:
        self._app = app
        self._health = health
        self._header = (b"x-diya-replica", name.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), self._header]
                if not self._health.ready:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        await self._app(scope, receive, signed)


class BearerToken:
    """Answers 401 (403 to a WebSocket) to a request without the token, health checks excepted."""

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it without reading it."""
        if (
            scope["type"] == "lifespan"
            or scope["path"] in _OPEN_PATHS
            or self._is_shown(request.header(scope, b"authorization") or b"")
        ):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "no valid token"})
        else:
            refusal = JSONResponse(
                {"detail": "the header `Authorization: Bearer` must hold this service's token"},
                status_code=401,
                headers={"WWW-Authenticate": 'Bearer realm="diya"'},
            )
            await refusal(scope, receive, send)

    def _is_shown(self, authorization: bytes) -> bool:
        scheme, _, token = authorization.partition(b" ")
        # Compare in constant time: the time of a refusal must not reveal a prefix of the token.
        return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token)


class BodyLimit:
    """Answers 413 to a body of more than `limit` bytes, and never buffers more than that."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http":
            length = request.header(scope, b"content-length")
            try:
                if length is not None and int(length) > self._limit:
                    raise request.BodyTooLarge
                if length is None and request.header(scope, b"transfer-encoding") is not None:
                    # The length of a chunked body is known only after reading it.
                    body = await request.read_body(receive, self._limit)
                    receive = request.replay(body, receive)
            except request.BodyTooLarge:
                why = f"the request's body is larger than {self._limit} bytes"
                await JSONResponse({"detail": why}, status_code=413)(scope, receive, send)
                return
        await self._app(scope, receive, send)
