"""HTTP of the API: one request from a stream, and the bytes of a response.

A body comes with its length or in chunks, as Go's and Java's clients send it.  The target is a
path, or a whole address, as a client behind an HTTP proxy sends it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

_MOST_BYTES = 1 << 20
"""The limit of one request's body."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BrokenRequest(Exception):
    """What came is no request; the connection ends with this answer."""

    def __init__(self, why: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(why)
        self.status = status


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

    Raises BrokenRequest, and IncompleteReadError for half of a request.
    """
    try:
        return await _read(reader, writer)
    except ValueError as error:  # a line longer than the reader's limit, too
        raise BrokenRequest(f"bad request: {error}") from error


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    while (line := await reader.readline()).isspace():
        pass  # an empty line after the body of the request before
    if not line:
        return None
    # Not every client encodes a name that is not ASCII.
    words = line.decode("utf-8", "replace").split()
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise ValueError(f"the first line must be METHOD PATH HTTP/1.1, got {line[:80]!r}")
    method, target, version = words
    headers: dict[str, str] = {}
    while (header := await reader.readline()).strip():
        name, _, value = header.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    browser = headers.get("user-agent", "").startswith("Mozilla/")
    if headers.get("expect", "").lower() == "100-continue" and not browser:
        writer.write(_CONTINUE)
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    length = int(headers.get("content-length", 0))
    if length < 0:
        raise ValueError(f"content-length must be 0 or more, got {length}")
    if length > _MOST_BYTES:
        raise _too_long()
    body = b""
    if not browser:
        body = await _chunks(reader) if chunked else await reader.readexactly(length)
    path = urlsplit(target).path if "://" in target.partition("?")[0] else target.partition("?")[0]
    return Request(
        method=method,
        path=tuple(unquote(part) for part in path.split("/") if part),
        body=body,
        browser=browser,
        last=version == "HTTP/1.0" or "close" in headers.get("connection", "").lower(),
    )


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).partition(b";")[0], 16):
        if size < 0:
            raise ValueError(f"the size of a chunk must be 0 or more, got {size}")
        if size > _MOST_BYTES - len(body):
            raise _too_long()
        body += await reader.readexactly(size)
        await reader.readline()
    while (await reader.readline()).strip():
        pass  # a trailer
    return body


def _too_long() -> BrokenRequest:
    why = f"a body must be at most {_MOST_BYTES} bytes"
    return BrokenRequest(why, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def response(status: HTTPStatus, body: Any, *, bare: bool = False, last: bool = False) -> bytes:
    """The bytes of an answer; a body of None is empty.

    `bare`: without its body, as HEAD asks.  `last`: the connection is closed after it.
    """
    text = b"" if body is None else json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "content-type: application/json\r\n"
        f"content-length: {len(text)}\r\n" + ("connection: close\r\n" if last else "") + "\r\n"
    )
    return head.encode() + (b"" if bare else text)
