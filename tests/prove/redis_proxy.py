"""A proxy in front of Redis that can be muted: Redis still writes, but no client gets an answer.

A repeated turn must survive a server that dies between its write and its answer, but a random kill
hardly ever meets those microseconds.  Dropping the answers before the kill widens the window, as a
slow network would.

`python -m tests.prove.redis_proxy PORT` forwards to that port, prints its own port, and reads one
command a line: `mute`, or `unmute`, which also closes every connection that was muted.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from chaos.fleet.ports import LOOPBACK


class RedisProxy:
    """The proxy's process, as a context manager."""

    def __init__(self, port: int, env: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-m", "tests.prove.redis_proxy", str(port)]
        self._env = env
        self.port = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            cwd=Path(__file__).parents[2],
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._answer())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def mute(self) -> None:
        """Drop every answer of Redis from now on; returns when the proxy does so."""
        self._tell("mute")

    def unmute(self) -> None:
        """Close the muted connections, and forward again."""
        self._tell("unmute")

    def _tell(self, order: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        assert self._answer() == order

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


class _Forwarder:
    def __init__(self, target: int) -> None:
        self._target = target
        self._muted = False
        self._ends: set[asyncio.StreamWriter] = set()

    async def serve(self) -> None:
        server = await asyncio.start_server(self._link, LOOPBACK, 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        while order := (await asyncio.to_thread(sys.stdin.readline)).strip():
            self._muted = order == "mute"
            if not self._muted:
                for end in self._ends:
                    end.close()
            print(order, flush=True)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_redis, to_redis = await asyncio.open_connection(LOOPBACK, self._target)
        except OSError:
            writer.close()
            return
        ends = {writer, to_redis}
        self._ends |= ends
        pumps = [
            asyncio.create_task(self._pump(reader, to_redis, answers=False)),
            asyncio.create_task(self._pump(from_redis, writer, answers=True)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        self._ends -= ends
        for end in ends:
            end.close()
        for pump in pumps:
            pump.cancel()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if not (answers and self._muted):
                    sink.write(data)


if __name__ == "__main__":
    asyncio.run(_Forwarder(int(sys.argv[1])).serve())
