"""The sticky balancer of the calibration, in front of real HTTP servers."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.calibrate.sticky import balancer

pytestmark = pytest.mark.service


@contextlib.contextmanager
def _named(name: str) -> Iterator[int]:
    """A server that answers every request with its own name and the request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"])).decode())

        def _answer(self, body: str) -> None:
            content = json.dumps({"name": name, "path": self.path, "body": body}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_all_requests_of_a_user_go_to_one_replica_and_users_to_all() -> None:
    with (
        _named("a") as a,
        _named("b") as b,
        balancer([a, b]) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        homes = {}
        for user in (f"u-{number}" for number in range(12)):
            run = {"appName": "shopmax", "userId": user, "sessionId": "s"}
            answers = [
                client.post(f"/apps/shopmax/users/{user}/sessions", json={}).json(),
                client.post("/run", json=run).json(),
                client.get(f"/apps/shopmax/users/{user}/sessions/s").json(),
            ]
            assert json.loads(answers[1]["body"]) == run
            assert answers[2]["path"].endswith(f"/{user}/sessions/s")
            (homes[user],) = {answer["name"] for answer in answers}
    assert set(homes.values()) == {"a", "b"}
