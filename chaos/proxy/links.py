"""A proxy and its connections.  Without toxics bytes go straight through, in two callbacks."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time
from typing import Any, cast

from chaos.proxy.toxics import Cut, Toxic

_QUIET_BYTES = 1 << 20
"""A side that has so much unsent makes the other stop reading."""


class Proxy:
    """Listens at one address and connects to another."""

    def __init__(self, name: str, listen: str, upstream: str) -> None:
        """Nothing is opened."""
        self.name, self.listen, self.upstream = name, listen, upstream
        self.toxics: list[Toxic] = []
        self.links: set[Link] = set()
        self._server: asyncio.Server | None = None

    @property
    def enabled(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "name": self.name,
            "listen": self.listen,
            "upstream": self.upstream,
            "enabled": self.enabled,
            "toxics": [toxic.shown() for toxic in self.toxics],
        }

    async def enable(self) -> None:
        """Listen.  Raises OSError."""
        if self._server is None:
            host, _, port = self.listen.rpartition(":")
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: Side(Link(self)), host, int(port))
            port = self._server.sockets[0].getsockname()[1]
            self.listen = f"{host}:{port}"

    def disable(self) -> None:
        """Stop to listen, and close every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for link in list(self.links):
            link.close()

    def remove(self, toxic: Toxic) -> None:
        """A toxic goes.  Connections whose bytes it swallowed go with it: a gap is no stream."""
        self.toxics.remove(toxic)
        if toxic.type == "timeout":
            for link in list(self.links):
                link.give_up(toxic)

    def changed(self) -> None:
        """A toxic came or went: those that wait for time are set in motion."""
        for link in self.links:
            link.react()


class Link:
    """One client's connection and its connection to the server."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.client: Side | None = None
        self.server: Side | None = None
        self._chance: dict[int, bool] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._opening: asyncio.Task[None] | None = None

    def opened(self, side: Side) -> None:
        """A side is connected; the first is the client, for whom the server is called."""
        if self.client is None:
            self.client = side
            self.proxy.links.add(self)
            self._opening = asyncio.get_running_loop().create_task(self._call())
        else:
            self.server = side
            side.other, self.client.other = self.client, side
            self.client.flush()

    def toxics(self, side: Side) -> list[Toxic]:
        """Those that touch what `side` has sent."""
        if not self.proxy.toxics:
            return []
        stream = "upstream" if side is self.client else "downstream"
        return [each for each in self.proxy.toxics if each.stream == stream and self._hit(each)]

    def react(self) -> None:
        """Start the timers of toxics that end a connection by themselves."""
        loop = asyncio.get_running_loop()
        for toxic in self.proxy.toxics:
            wait = toxic.attributes.get("timeout", 0)
            if toxic.number in self._timers or not self._hit(toxic):
                continue
            if toxic.type == "reset_peer" or (toxic.type == "timeout" and wait > 0):
                rude = toxic.type == "reset_peer"
                self._timers[toxic.number] = loop.call_later(wait / 1000, self._expire, toxic, rude)

    def give_up(self, toxic: Toxic) -> None:
        """End both sides if this toxic touched them."""
        if self._hit(toxic):
            self.close()

    def close(self, *, reset: bool = False) -> None:
        """End both sides."""
        self.proxy.links.discard(self)
        for timer in self._timers.values():
            timer.cancel()
        if self._opening is not None:
            self._opening.cancel()
        for side in (self.client, self.server):
            if side is not None:
                side.end(reset=reset)

    def _expire(self, toxic: Toxic, rude: bool) -> None:
        if toxic in self.proxy.toxics:
            self.close(reset=rude)

    def _hit(self, toxic: Toxic) -> bool:
        if toxic.toxicity >= 1:
            return True
        return self._chance.setdefault(toxic.number, random.random() < toxic.toxicity)

    async def _call(self) -> None:
        host, _, port = self.proxy.upstream.rpartition(":")
        try:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: Side(self), host, int(port))
            self.react()
        except OSError:
            self.close()


class Side(asyncio.Protocol):
    """One connection: what it reads goes to the other side."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.other: Side | None = None
        self.transport: asyncio.Transport | None = None
        self._waiting: list[tuple[float, bytes]] = []
        self._worker: asyncio.Task[None] | None = None
        self._seen: dict[int, int] = {}
        self._at_end = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's own callback."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=_QUIET_BYTES)
        self.link.opened(self)

    def data_received(self, data: bytes) -> None:
        """Asyncio's own callback: straight through, unless something is in the way."""
        other = self.other
        if other is None or self._worker is not None or self.link.proxy.toxics:
            self._waiting.append((time.monotonic(), data))
            self.flush()
        elif other.transport is not None:
            other.transport.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        """Asyncio's own callback: the other side hears of it after what is on its way."""
        self._at_end = True
        self.flush()

    def pause_writing(self) -> None:
        """Asyncio's own callback: this side is slow to take."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """Asyncio's own callback."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def flush(self) -> None:
        """Send on what waits, once there is another side."""
        if self.other is None:
            if self._at_end:
                self.link.close()
        elif self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._work())

    def end(self, *, reset: bool = False) -> None:
        """Close this connection, with RST if `reset`."""
        if self._worker is not None and self._worker is not asyncio.current_task():
            self._worker.cancel()
        if self.transport is None or self.transport.is_closing():
            return
        if reset:
            raw: socket.socket = self.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.close()

    async def _work(self) -> None:
        try:
            while self._waiting:
                read, data = self._waiting.pop(0)
                await self._through(self.link.toxics(self), data, time.monotonic() - read)
            if self._at_end:
                for toxic in self.link.toxics(self):
                    if toxic.type == "slow_close":
                        await asyncio.sleep(toxic.attributes["delay"] / 1000)
                self.link.close()
        except Cut as cut:
            self.link.close(reset=cut.reset)
        finally:
            self._worker = None

    async def _through(self, toxics: list[Toxic], data: bytes, age: float) -> None:
        if not toxics:
            if self.other is not None and self.other.transport is not None:
                self.other.transport.write(data)
            return
        first, rest = toxics[0], toxics[1:]
        seen = self._seen.get(first.number, 0)
        self._seen[first.number] = seen + len(data)
        async for piece in first.apply(data, age, seen):
            await self._through(rest, piece, 0.0)
