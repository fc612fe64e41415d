"""A proxy and its connections.  Without toxics bytes go straight through, in two callbacks."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, cast

from chaos.proxy.flow import Flow
from chaos.proxy.stages import End
from chaos.proxy.toxics import STREAMS, Toxic

_QUIET_BYTES = 1 << 20
"""A side with more unsent bytes makes the other stop reading."""


def address(text: str) -> tuple[str, int]:
    """Host, without the brackets of IPv6, and port.  Raises ValueError."""
    host, colon, port = text.rpartition(":")
    bare_ipv6 = ":" in host and not (host.startswith("[") and host.endswith("]"))
    if not colon or not port.isdecimal() or int(port) > 65535 or bare_ipv6:
        raise ValueError(f"address {text}: must be HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _any(port: int) -> socket.socket:
    """A socket that listens at every address of this machine.  Raises OSError."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


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
            "toxics": self.shown_toxics(),
        }

    def shown_toxics(self) -> list[dict[str, Any]]:
        """As the API shows them: those of the way to the server first."""
        return [t.shown() for t in sorted(self.toxics, key=lambda t: STREAMS.index(t.stream))]

    async def enable(self) -> None:
        """Listen.  Raises OSError."""
        if self._server is None:
            host, port = address(self.listen)
            loop = asyncio.get_running_loop()
            if host in ("", "::"):
                self._server = await loop.create_server(lambda: Side(Link(self)), sock=_any(port))
            else:
                self._server = await loop.create_server(lambda: Side(Link(self)), host, port)
            port = self._server.sockets[0].getsockname()[1]
            self.listen = f"{self.listen.rpartition(':')[0]}:{port}"

    def disable(self) -> None:
        """Stop listening, and close every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for link in list(self.links):
            link.close()

    def add(self, toxic: Toxic) -> None:
        """Add a toxic, to existing connections too."""
        self.toxics.append(toxic)
        for flow in self._flows(toxic):
            flow.place(toxic)

    def update(self, toxic: Toxic) -> None:
        """Apply a changed toxic."""
        for flow in self._flows(toxic):
            flow.update(toxic)

    def remove(self, toxic: Toxic) -> None:
        """Remove a toxic and release the bytes that it held."""
        self.toxics.remove(toxic)
        for flow in self._flows(toxic):
            flow.remove(toxic)

    def _flows(self, toxic: Toxic) -> list[Flow]:
        flows = [link.flow(toxic.stream) for link in self.links]
        return [flow for flow in flows if flow is not None]


class Link:
    """One client's connection and its connection to the server."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.client: Side | None = None
        self.server: Side | None = None
        self._opening: asyncio.Task[None] | None = None
        self._closed = False

    def opened(self, side: Side) -> None:
        """A side is connected; the first is the client, and its server is then connected."""
        if self._closed:
            side.end()
        elif self.client is None:
            self.client = side
            self.proxy.links.add(self)
            self._opening = asyncio.get_running_loop().create_task(self._call())
        else:
            self.server = side
            # The server's side first: the client may have sent too many bytes already, and then
            # this side must be able to pause the client's.
            side.join(self.client, self._toxics("downstream"))
            self.client.join(side, self._toxics("upstream"))

    def flow(self, stream: str) -> Flow | None:
        """The flow in that direction; None before there is a server."""
        side = self.client if stream == "upstream" else self.server
        return None if side is None else side.flow

    def close(self, end: End = End.CLOSE) -> None:
        """End both sides."""
        self._closed = True
        self.proxy.links.discard(self)
        if self._opening is not None:
            self._opening.cancel()
        for side in (self.client, self.server):
            if side is not None:
                side.end(reset=end is End.RESET)

    def _toxics(self, stream: str) -> list[Toxic]:
        return [toxic for toxic in self.proxy.toxics if toxic.stream == stream]

    async def _call(self) -> None:
        try:
            host, port = address(self.proxy.upstream)
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: Side(self), host or "localhost", port)
        except (OSError, ValueError):
            self.close()


class Side(asyncio.Protocol):
    """One connection: the bytes that it reads go to the other side."""

    _transport: asyncio.Transport

    def __init__(self, link: Link) -> None:
        self.link = link
        self.flow: Flow | None = None
        self._other: Side | None = None
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's own callback."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_QUIET_BYTES)
        self.link.opened(self)

    def join(self, other: Side, toxics: list[Toxic]) -> None:
        """Connect it to the other side, through these toxics."""
        self._other = other
        self.flow = Flow(self._transport, other._transport, self.link.close, toxics)
        if self._early:
            self._transport.resume_reading()  # first: the flow may want it paused again
            for data in self._early:
                self.flow.put(data)
            self._early.clear()

    def data_received(self, data: bytes) -> None:
        """Asyncio's own callback: straight through, unless there are stages."""
        flow = self.flow
        if flow is None:
            # Nothing more is read before the server is connected, not even the end.
            self._early.append(data)
            self._transport.pause_reading()
        elif flow.stages:
            flow.put(data)
        else:
            flow.target.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        """Asyncio's own callback: the other side is closed after the bytes on their way."""
        if self.flow is None:
            self.link.close()
        else:
            self.flow.put(End.CLOSE)

    def pause_writing(self) -> None:
        """Asyncio's own callback: this side's buffer is full."""
        if self._other is not None and self._other.flow is not None:
            self._other.flow.fill(True)

    def resume_writing(self) -> None:
        """Asyncio's own callback."""
        if self._other is not None and self._other.flow is not None:
            self._other.flow.fill(False)

    def end(self, *, reset: bool = False) -> None:
        """Close this connection, with RST if `reset`."""
        if self.flow is not None:
            self.flow.stop()
        if self._transport.is_closing():
            return
        if reset:
            raw: socket.socket = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()
