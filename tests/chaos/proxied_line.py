"""A connection through a proxy of its own, for tests at both of its ends."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import requests

from chaos.fleet.network import ProxyProcess

SOON = 10.0
"""Seconds: far below every wait that is cut short here, far above the delays of a busy machine."""


class Line:
    """A connection through a proxy of its own: `client` and `server` are its two ends."""

    def __init__(self, process: ProxyProcess, name: str) -> None:
        self.pid = process.pid
        self._api = f"http://127.0.0.1:{process.port}"
        self.path = f"/proxies/{name}"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            upstream = f"127.0.0.1:{listener.getsockname()[1]}"
            shown = self.ask("POST", "/proxies", {"name": name, "upstream": upstream})
            host, _, port = shown["listen"].rpartition(":")
            self.client = socket.create_connection((host, int(port)), 30)
            self.server, _ = listener.accept()
        self.server.settimeout(30)
        self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, method: str, path: str, values: Any = None) -> Any:
        """Talk to the API."""
        answer = requests.request(method, self._api + path, json=values, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def add(self, kind: str, *, name: str = "it", toxicity: float = 1.0, **attributes: int) -> None:
        """Add a toxic on the client's side of the link (upstream)."""
        toxic = {"name": name, "type": kind, "stream": "upstream", "toxicity": toxicity}
        self.ask("POST", f"{self.path}/toxics", {**toxic, "attributes": attributes})

    def change(self, *, name: str = "it", toxicity: float | None = None, **attributes: int) -> None:
        """Update a toxic."""
        values = {} if toxicity is None else {"toxicity": toxicity}
        self.ask("POST", f"{self.path}/toxics/{name}", {**values, "attributes": attributes})

    def remove(self, name: str = "it") -> None:
        """Take a toxic away."""
        self.ask("DELETE", f"{self.path}/toxics/{name}")

    def send(self, data: bytes) -> None:
        """Let the client send; the proxy has read the data once it answers later requests."""
        self.client.sendall(data)
        for _ in range(2):
            self.ask("GET", self.path)

    def receive(self, size: int) -> bytes:
        """So many bytes at the server, or all until the end."""
        heard = bytearray()
        while len(heard) < size and (more := self.server.recv(min(1 << 20, size - len(heard)))):
            heard += more
        return bytes(heard)

    def close(self) -> None:
        """Close both ends, and take the proxy away."""
        self.client.close()
        self.server.close()
        self.ask("DELETE", self.path)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    proxy = ProxyProcess(tmp_path_factory.mktemp("proxy") / "proxy.log", os.environ)
    try:
        proxy.open()
        yield proxy
    finally:
        proxy.close()
        proxy.wait_ended(30)


_numbers = count()


@pytest.fixture
def line(process: ProxyProcess) -> Iterator[Line]:
    made = Line(process, f"line-{next(_numbers)}")
    try:
        yield made
    finally:
        made.close()


def quiet(end: socket.socket, seconds: float) -> bool:
    """Whether nothing comes for that long."""
    return not select.select([end], [], [], seconds)[0]


def fill(end: socket.socket, data: bytes) -> int:
    """Send until nothing has been taken for half a second, or all is; how much was taken."""
    end.setblocking(False)
    sent = 0
    while sent < len(data) and select.select([], [end], [], 0.5)[1]:
        sent += end.send(data[sent : sent + 65536])
    end.settimeout(30)
    return sent
