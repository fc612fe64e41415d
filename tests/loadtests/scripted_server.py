"""An HTTP server that follows the script of a test, and also sends broken responses."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """The server's response to one request."""

    parts: tuple[bytes, ...]
    """Sent one after the other, a fifth of a second apart."""
    then: str = "keep"
    """`keep` the connection, `close` it, `reset` it, or `hang`."""


def reply(status: int, body: bytes = b"", **headers: str) -> Step:
    """A complete, ordinary response."""
    return Step((_head(status, headers, len(body)) + body,))


def agent_reply(*events: Any, **headers: str) -> Step:
    """A 200 with a list of events."""
    return reply(200, json.dumps(events).encode(), **headers)


def cut_off(status: int, body: bytes) -> Step:
    """A response that promises more than it brings."""
    return Step((_head(status, {}, len(body) + 50) + body,), "close")


def stream(*events: Any, complete: bool = True) -> Step:
    """A server-sent event stream in chunks, one event each."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nx-diya-replica: r07\r\n\r\n"
    lines = [f"data: {json.dumps(event)}\n\n".encode() for event in events]
    chunks = [b"%x\r\n%b\r\n" % (len(line), line) for line in lines]
    last = (b"0\r\n\r\n",) if complete else ()
    return Step((head, *chunks, *last), "keep" if complete else "close")


CLOSE = Step((), "close")
RESET = Step((), "reset")
HANG = Step((), "hang")


def text_event(text: str, **more: Any) -> dict[str, Any]:
    """An event of the agent with text."""
    return {"author": "agent", "content": {"parts": [{"text": text}]}, **more}


@dataclass
class Request:
    """One request that the server received."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass
class ScriptedServer:
    """Serves `steps` in order to any requests, and repeats the last one."""

    url: str
    steps: list[Step]
    requests: list[Request] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    wrote: list[float] = field(default_factory=list)
    """`time.monotonic` when each part of a response was sent."""
    connections: int = 0
    """How many were made."""

    def _next(self, request: Request) -> Step:
        self.requests.append(request)
        return self.steps[min(len(self.requests), len(self.steps)) - 1]

    def handle(self, conn: socket.socket) -> None:
        """Serve one connection."""
        with conn:
            while request := _read_request(conn):
                step = self._next(request)
                for number, part in enumerate(step.parts):
                    if number:
                        time.sleep(0.2)
                    conn.sendall(part)
                    self.wrote.append(time.monotonic())
                if step.then == "hang":
                    self.stopping.wait()
                if step.then == "reset":
                    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if step.then != "keep":
                    return


def _head(status: int, headers: dict[str, str], length: int) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {length}", "x-diya-replica: r07"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def _read_request(conn: socket.socket) -> Request | None:
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            block = conn.recv(65536)
            if not block:
                return None
            data += block
        head, _, body = data.partition(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
        length = re.search(rb"content-length: (\d+)", head, re.I)
        while len(body) < (int(length[1]) if length else 0):
            body += conn.recv(65536)
    except OSError:
        return None
    named = (line.decode("latin-1").partition(":") for line in head.split(b"\r\n")[1:])
    headers = {name.lower(): value.strip() for name, _, value in named}
    return Request(method, path, body, headers)


@contextmanager
def serving(*steps: Step) -> Iterator[ScriptedServer]:
    """A server on a free port of 127.0.0.1 until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = ScriptedServer(f"http://127.0.0.1:{listener.getsockname()[1]}", list(steps))
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                conn, _ = listener.accept()
            except OSError:
                return
            server.connections += 1
            thread = threading.Thread(target=server.handle, args=(conn,), daemon=True)
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        server.stopping.set()
        # shutdown wakes the accept, close alone does not.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(5)
