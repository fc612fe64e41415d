"""Holds back the acknowledgement of a turn until the turn is written."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Message, Send

from target_service.turns import replies


class Gate:
    """Replaces `send` while ADK runs a turn.

    `/run`: the whole response waits for the write.  `/run_sse`: partial events pass at once, and a
    complete event waits for the next one.  So the last event, which tells the client that the turn
    is done, waits for the write.
    """

    def __init__(
        self, send: Send, streaming: bool, commit: Callable[[], Awaitable[Response | None]]
    ) -> None:
        """`commit` writes the turn; it returns None, or the refusal to send instead."""
        self._send = send
        self._streaming = streaming
        self._commit = commit
        self._held: list[Message] = []
        self._failed = False
        self.status = 0
        """The status of ADK's response; 0 before it starts."""
        self.settled = False
        """Whether the turn was committed, or its commit refused."""
        self.refusal: Response | None = None
        """The refusal of a failed commit.  A stream has sent it; for `/run` it is still to send."""

    async def __call__(self, message: Message) -> None:
        """Send, hold or replace one message of ADK's response."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.status == 200 and not self._streaming:
                self._held.append(message)
                return
        elif self.status == 200 and message["type"] == "http.response.body":
            await self._body(message)
            return
        await self._send(message)

    async def _body(self, message: Message) -> None:
        last = not message.get("more_body", False)
        if self._streaming:
            self._failed = self._failed or _is_error(message.get("body", b""))
            if not last:
                await self._stream(message)
                return
        self._held.append(message)
        if not last:
            return
        if not self._failed:
            self.refusal = await self._commit()
            self.settled = True
        if self.refusal is None:
            await self._flush()
        elif self._streaming:
            why = json.loads(bytes(self.refusal.body))["detail"]
            body = replies.stream_error("TurnNotStored", why)
            await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def _stream(self, message: Message) -> None:
        await self._flush()
        if _is_partial(message["body"]):
            await self._send(message)
        else:
            self._held.append(message)

    async def _flush(self) -> None:
        for message in self._held:
            await self._send(message)
        self._held.clear()


def _is_error(body: bytes) -> bool:
    return body.startswith(b'data: {"error":')


def _is_partial(body: bytes) -> bool:
    # The bytes may also be deep inside an event, in a tool's arguments, so parse it.
    if b'"partial":true' not in body:
        return False
    try:
        event = json.loads(body.removeprefix(b"data:"))
    except ValueError:
        return False
    return isinstance(event, dict) and event.get("partial") is True
