"""The answers by which a replica or a balancer counts as healthy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chaos.containers.project.nodes import USUAL_PATH, Health
from chaos.containers.project.reach import Address
from chaos.fleet.ports import LOOPBACK, free_port

STATUS = {"/list-apps": 401, "/healthz": 200, "/moved": 302, "/overloaded": 503}


@pytest.fixture
def server() -> Iterator[Address]:
    """A server with these answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(STATUS[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield Address(LOOPBACK, http.server_port)
        http.shutdown()
        thread.join()


def test_any_answer_of_a_server_of_adk_will_do_where_no_path_is_named(server: Address) -> None:
    assert STATUS[USUAL_PATH] == 401  # it wants a token, and it serves
    assert Health(None).holds(server)
    assert not Health(None).holds(Address(LOOPBACK, free_port()))


@pytest.mark.parametrize(
    ("path", "healthy"), [("/healthz", True), ("/moved", False), ("/overloaded", False)]
)
def test_a_named_path_must_answer_200(path: str, healthy: bool, server: Address) -> None:
    assert Health(path).holds(server) is healthy


def test_a_server_that_is_overloaded_is_not_healthy(
    server: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STATUS, USUAL_PATH, 503)
    assert not Health(None).holds(server)
