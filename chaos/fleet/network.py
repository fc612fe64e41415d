"""The proxies on the way of a local fleet: one process, a link for each replica on either side.

One server of Redis has a link for each replica.  The servers of a set have a link each: their
members, sentinels and customers are told the links' addresses, and all of them come that way.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import diya_start
from chaos.errors import ChaosError
from chaos.fleet.http_probe import get
from chaos.fleet.ports import LOOPBACK, free_port
from chaos.fleet.process import ManagedProcess

SIDES = ("redis", "balancer")
_READY_S = 15.0


class ProxyProcess(ManagedProcess):
    """Diya's proxy, or another server of Toxiproxy's API at `port`."""

    def __init__(self, log: Path, env: Mapping[str, str]) -> None:
        """Nothing is started."""
        self.port = free_port()
        super().__init__(
            "proxy",
            diya_start.command("chaos.proxy", "--port", str(self.port)),
            log=log,
            env=env,
        )
        self._links: dict[str, dict[str, tuple[str, int, int]]] = {side: {} for side in SIDES}

    def plan(self, side: str, who: str, upstream: int) -> int:
        """A link of this replica, or to this server, to a local port; the port at which it is."""
        port = free_port()
        name = who if who.startswith(side) else f"{who}-{side}"
        self._links[side][who] = (name, port, upstream)
        return port

    def open(self) -> None:
        """Start, and open all links.  Raises ChaosError."""
        self.start()
        self.wait_until(lambda: get(self.port, "/version") is not None, _READY_S, "ready")
        for side in self._links.values():
            for name, port, upstream in side.values():
                listen, to = f"{LOOPBACK}:{port}", f"{LOOPBACK}:{upstream}"
                self._ask("POST", "/proxies", {"name": name, "listen": listen, "upstream": to})

    def links(self, side: str) -> Mapping[str, str]:
        """Replica, or server of a set → name of its proxy on this side."""
        return {who: name for who, (name, _, _) in self._links[side].items()}

    def address(self, proxy: str) -> tuple[str, int]:
        """Host and port at which the proxy listens.  Raises ChaosError."""
        host, _, port = str(self._ask("GET", f"/proxies/{quote(proxy)}")["listen"]).rpartition(":")
        return host, int(port)

    def add_toxic(self, proxy: str, toxic: Mapping[str, Any]) -> None:
        """Disturb a link.  Raises ChaosError."""
        self._ask("POST", f"/proxies/{quote(proxy)}/toxics", toxic)

    def toxics(self, proxy: str) -> list[dict[str, Any]]:
        """The toxics of a link.  Raises ChaosError."""
        return list(self._ask("GET", f"/proxies/{quote(proxy)}/toxics"))

    def remove_toxic(self, proxy: str, name: str) -> None:
        """Remove a toxic.  Nothing happens when there is no such toxic.  Raises ChaosError."""
        if name in [toxic["name"] for toxic in self.toxics(proxy)]:
            self._ask("DELETE", f"/proxies/{quote(proxy)}/toxics/{quote(name)}")

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=5.0)
        try:
            connection.request(method, path, None if body is None else json.dumps(dict(body)))
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ChaosError(f"the proxy does not answer: {type(error).__name__}") from None
        finally:
            connection.close()
        if response.status >= 300:
            raise ChaosError(f"the proxy refused {method} {path}: {text.decode()}")
        return json.loads(text) if text else None
