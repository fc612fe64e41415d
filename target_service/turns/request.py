"""Parses a request to `/run` or `/run_sse` for the guard."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

# ADK parses the request with this model; parsing it differently would allow bypassing the guard.
from google.adk.cli.api_server import RunAgentRequest
from google.genai import types
from pydantic import ValidationError
from starlette.types import Message, Receive, Scope

from target_service.sessions.keys import SessionId

TURN_ID = "turn_id"
"""The key of the turn's identity in `customMetadata`, on the request and on every stored event."""


class BodyTooLarge(Exception):
    """The request's body is over the limit."""


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """A request to run a turn."""

    name: SessionId
    turn_id: str | None
    texts: list[str]
    """The customer's words."""
    streaming: bool
    body: bytes
    """The body to pass on; it holds the turn's id even if the client sent the id in a header."""


async def read_body(receive: Receive, limit: int | None = None) -> bytes:
    """The whole body; empty when the client hangs up.

    Raises BodyTooLarge as soon as `limit` bytes are passed.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        chunk = message.get("body", b"")
        size += len(chunk)
        if limit is not None and size > limit:
            raise BodyTooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def parse(scope: Scope, body: bytes, default_app: str | None) -> TurnRequest | None:
    """The turn requested by the body; None if it is invalid (ADK then answers with the error).

    `default_app` is the app of requests that name none.
    """
    try:
        values = json.loads(body)
        asked = RunAgentRequest.model_validate(values)
    except (ValueError, RecursionError, ValidationError, AttributeError):
        return None  # AttributeError comes from genai's enums, for a value that is not a string
    app = asked.app_name or default_app
    if app is None:
        return None
    metadata = asked.custom_metadata or {}
    turn_id = metadata.get(TURN_ID)
    if turn_id in (None, "") and (key := header(scope, b"idempotency-key")):
        turn_id = key.decode("latin-1").strip()
        values.pop("custom_metadata", None)
        values["customMetadata"] = {**metadata, TURN_ID: turn_id}
        body = json.dumps(values).encode()
    return TurnRequest(
        name=SessionId(app, asked.user_id, asked.session_id.strip()),
        turn_id=None if turn_id in (None, "") else str(turn_id),
        texts=texts(asked.new_message),
        streaming=scope["path"].endswith("/run_sse"),
        body=body,
    )


def texts(content: types.Content | None) -> list[str]:
    """The text of each part that has one."""
    parts = content.parts if content else None
    return [part.text for part in parts or () if part.text is not None]


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that returns the given body first, and then the messages of `receive`."""
    handed_out = False

    async def again() -> Message:
        nonlocal handed_out
        if handed_out:
            return await receive()
        handed_out = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def nothing_more() -> Message:
    """A `receive` that never returns, not even when the client has hung up."""
    endless: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    return await endless


def header(scope: Scope, wanted: bytes) -> bytes | None:
    """The first header of this name (in lower case), or None."""
    for name, value in scope["headers"]:
        if name == wanted:
            return bytes(value)
    return None
