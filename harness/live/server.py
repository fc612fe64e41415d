"""The page and the metrics over HTTP: two small servers, each with threads of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from harness.live.messages import Address
from reports.basics.addresses import is_loopback

Route = Callable[[Mapping[str, str]], bytes]
"""From the query's parameters to the content."""
HTML = "text/html; charset=utf-8"
JSON = "application/json"
_IDLE_S = 30.0


class Site(ThreadingHTTPServer):
    """Answers GET for a few paths."""

    daemon_threads = True

    def __init__(self, address: Address, routes: Mapping[str, tuple[str, Route]]) -> None:
        """`routes`: path → its content type and content.  Raises OSError when it cannot listen."""
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        super().__init__((address.host, address.port), _Handler)
        self.routes = routes
        self.local = is_loopback(address.host)
        self.address = Address(address.host, self.server_address[1])
        self._lock = threading.Lock()
        self._answering = 0

    def begin(self) -> None:
        """Answer from now on, until the process ends."""
        threading.Thread(target=self.serve_forever, name="site", daemon=True).start()

    @property
    def is_answering(self) -> bool:
        """Whether an answer is not sent yet."""
        return self._answering > 0

    @contextmanager
    def answer(self) -> Iterator[None]:
        """An answer is sent within the block."""
        with self._lock:
            self._answering += 1
        try:
            yield
        finally:
            with self._lock:
                self._answering -= 1

    def handle_error(self, *_: object) -> None:
        """Print nothing: a reader that goes away is no error of the run."""


class _Handler(BaseHTTPRequestHandler):
    server: Site
    timeout = _IDLE_S
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer one request."""
        with self.server.answer():
            self._get()

    def _get(self) -> None:
        if self.server.local and not _is_local(self.headers.get("Host", "")):
            # A page of another site, whose name its owner points at this machine.
            self._answer(403, "text/plain", b"this server is for this machine only\n")
            return
        asked = urlsplit(self.path)
        route = self.server.routes.get(asked.path)
        if route is None:
            self._answer(404, "text/plain", b"no such path\n")
            return
        kind, content = route
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        self._answer(200, kind, content(query))

    def _answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _is_local(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name is not None and is_loopback(name)
