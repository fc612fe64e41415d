"""A good service behind a balancer that sends all requests of a user to the same replica.

Nothing is wrong with the service; but no conversation ever moves, so a run of it cannot show that
another replica could continue one.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.target_service.processes import RedisServer, Replica

_REPLICAS = 3
_USER = re.compile(rb'/users/([^/ ?]+)|"userId":\s*"([^"]+)"')
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_CHUNK = 65_536


@contextlib.contextmanager
def service(redis_binary: str, folder: Path, ttl_seconds: float) -> Iterator[tuple[str, str]]:
    """Three replicas of ours on one Redis; yields the balancer's address and that of Redis."""
    with contextlib.ExitStack() as stack:
        server = RedisServer(redis_binary, folder)
        server.start()
        stack.callback(server.kill)
        replicas = [
            stack.enter_context(
                Replica(
                    name, server.uri, folder / f"{name}.log", DIYA_TTL_SECONDS=f"{ttl_seconds:g}"
                )
            )
            for name in (f"r{number:02}" for number in range(1, _REPLICAS + 1))
        ]
        for replica in replicas:
            replica.wait_ready()
        ports = [replica.http.base_url.port or 0 for replica in replicas]
        port = stack.enter_context(balancer(ports))
        yield f"http://127.0.0.1:{port}", server.uri


@contextlib.contextmanager
def balancer(ports: Sequence[int]) -> Iterator[int]:
    """Listen on the loopback port that is yielded; requests of one user go to one of `ports`."""
    loop = asyncio.new_event_loop()
    open_now: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now.add(writer)
        try:
            await _forward(reader, writer, ports)
        except (OSError, asyncio.IncompleteReadError):
            pass  # either side hung up
        finally:
            open_now.discard(writer)
            writer.close()

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, name="sticky-balancer")
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(server, open_now), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server, open_now: set[asyncio.StreamWriter]) -> None:
    server.close()
    for writer in open_now:
        writer.transport.abort()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)


async def _forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ports: Sequence[int]
) -> None:
    """One request and its response, as it comes; then both connections end."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    body = await reader.readexactly(int(length[1])) if length else b""
    user = _USER.search(head + body)
    port = ports[zlib.crc32(user[1] or user[2]) % len(ports)] if user else ports[0]
    answer, request = await asyncio.open_connection("127.0.0.1", port)
    try:
        line, _, rest = head.partition(b"\r\n")
        request.write(line + b"\r\nConnection: close\r\n" + rest + body)
        while part := await answer.read(_CHUNK):
            writer.write(part)
            await writer.drain()
    finally:
        request.close()
