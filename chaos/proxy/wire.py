"""HTTP of the API: one request from a stream, and the bytes of a response.

A body comes with its length or in chunks, as Go's and Java's clients send it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

_MOST_BYTES = 1 << 20
"""The limit of one request's body."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True)
class Request:
    """One request of a client."""

    method: str
    path: tuple[str, ...]
    """The parts of the path, percent-decoded."""
    body: bytes
    browser: bool
    """Whether a page in a browser sent it."""
    last: bool
    """Whether the client wants the connection closed after the answer."""


async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """The next request; None at the end.

    Raises ValueError for a body that is too long or broken, IncompleteReadError for half of one.
    """
    line = await reader.readline()
    if not line.strip():
        return None
    method, target, version = line.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while (header := await reader.readline()).strip():
        name, _, value = header.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    browser = headers.get("user-agent", "").startswith("Mozilla/")
    if headers.get("expect", "").lower() == "100-continue" and not browser:
        writer.write(_CONTINUE)
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    length = int(headers.get("content-length", 0))
    if not 0 <= length <= _MOST_BYTES:
        raise ValueError(f"a body must be at most {_MOST_BYTES} bytes, got {length}")
    body = b""
    if not browser:
        body = await _chunks(reader) if chunked else await reader.readexactly(length)
    path = target.partition("?")[0].split("/")
    return Request(
        method=method,
        path=tuple(unquote(part) for part in path if part),
        body=body,
        browser=browser,
        last=version.startswith("HTTP/1.0") or headers.get("connection", "").lower() == "close",
    )


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).partition(b";")[0], 16):
        if not 0 <= size <= _MOST_BYTES - len(body):
            raise ValueError(f"a body must be at most {_MOST_BYTES} bytes")
        body += await reader.readexactly(size)
        await reader.readline()
    while (await reader.readline()).strip():
        pass  # a trailer
    return body


def response(status: HTTPStatus, body: Any, *, bare: bool = False) -> bytes:
    """The bytes of an answer; a body of None is empty.  `bare`: without its body, as HEAD asks."""
    text = b"" if body is None else json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "content-type: application/json\r\n"
        f"content-length: {len(text)}\r\n\r\n"
    )
    return head.encode() + (b"" if bare else text)
