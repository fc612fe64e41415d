"""A small OpenTelemetry collector: takes OTLP's JSON over HTTP, and can refuse it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Collector(ThreadingHTTPServer):
    """Keeps every span that it took."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.resource: dict[str, Any] = {}
        self.answers: list[int] = []
        """The next statuses; 200 when there are no more."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.answers.pop(0) if self.server.answers else 200
        self.server.paths.append(self.path)
        self.server.headers.append({k.lower(): v for k, v in self.headers.items()})
        if status == 200:
            for resource in body["resourceSpans"]:
                self.server.resource = attributes(resource["resource"])
                for scope in resource["scopeSpans"]:
                    self.server.spans += scope["spans"]
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def attributes(holder: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a span or a resource."""
    return {each["key"]: next(iter(each["value"].values())) for each in holder["attributes"]}


@contextmanager
def collector() -> Iterator[Collector]:
    """A collector that listens inside the block."""
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
