"""A wire to Redis that can be muted: what Redis still writes, it tells nobody any more.

A server that dies between its write and its answer is what a repeated turn must survive, and a
random kill hardly ever meets those microseconds.  Swallowed answers before the kill widen them, as
a slow network would.

`python -m tests.prove.wire PORT` forwards to that port, prints its own, and obeys a line each:
`mute`, and `hear`, which also cuts every connection that was muted.
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


class Wire:
    """The wire as seen from a proof; a context manager around its process."""

    def __init__(self, port: int, env: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-m", "tests.prove.wire", str(port)]
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
        """From now on Redis is heard by nobody; returns when that is so."""
        self._tell("mute")

    def hear(self) -> None:
        """Cut what was muted, and forward again."""
        self._tell("hear")

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
