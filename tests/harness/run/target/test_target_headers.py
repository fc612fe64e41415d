"""Probes of an experiment get in at the target as the load does, and end with the run."""

from __future__ import annotations

import http.server
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.experiment.outside_call import OutsideCall
from chaos.fleet.guardian import RUN_ID_VARIABLE
from harness.run.load import token_keeper
from harness.run.options.access_options import AccessOptions
from harness.run.target import target_headers

pytestmark = pytest.mark.service

ACCESS = AccessOptions(headers={"X-Key": "WAYS_KEY"}, token_env="WAYS_TOKEN")


@pytest.fixture(autouse=True)
def _values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYS_KEY", "key-1")
    monkeypatch.setenv("WAYS_TOKEN", "token-1")


class Guarded(http.server.BaseHTTPRequestHandler):
    """Tells what it was given; `/away` leads to `/`."""

    def do_GET(self) -> None:
        told = f"{self.headers.get('X-Key')} {self.headers.get('Authorization')}"
        self.send_response(302 if self.path == "/away" else 200)
        if self.path == "/away":
            self.send_header("Location", "/")
        self.end_headers()
        self.wfile.write(told.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def page() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guarded)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def asked(url: str, target: str, **headers: str) -> str:
    call = OutsideCall({"type": "http", "url": url, "headers": headers})
    found = target_headers.headers_for(ACCESS, target, lambda: None)
    return str(call.ask(headers=found(url))["body"])


def test_a_probe_of_the_target_has_its_headers_and_its_token(page: str) -> None:
    assert asked(f"{page}/readyz", page) == "key-1 Bearer token-1"


def test_a_header_that_the_file_names_is_not_replaced(page: str) -> None:
    assert asked(page, page, authorization="Basic mine") == "key-1 Basic mine"


@pytest.mark.parametrize("target", ["http://127.0.0.1:1", "https://127.0.0.1", "http://a.test:80"])
def test_no_other_address_gets_them(page: str, target: str) -> None:
    assert asked(page, target) == "None None"


def test_the_headers_do_not_follow_a_redirect(page: str) -> None:
    assert asked(f"{page}/away", page) == "None None"


def test_the_usual_port_is_the_same_origin() -> None:
    found = target_headers.headers_for(ACCESS, "https://a.test:443", lambda: None)
    assert found("https://a.test/readyz")["X-Key"] == "key-1"


def test_the_token_is_the_present_one_of_the_token_command() -> None:
    access = AccessOptions(token_command=("x",))
    command = (sys.executable, "-S", "-c", "print('kept-token')")
    with token_keeper.kept(command, [], print) as variables:
        found = target_headers.headers_for(
            access, "http://a.test", lambda: token_keeper.present(variables)
        )
        assert found("http://a.test/x") == {"Authorization": "Bearer kept-token"}
    assert token_keeper.present({}) is None


def test_a_program_that_is_asked_carries_the_runs_id(tmp_path: Path) -> None:
    code = f"import os; print(os.environ['{RUN_ID_VARIABLE}'])"
    provider = {"type": "process", "path": sys.executable, "arguments": ["-c", code]}
    assert OutsideCall(provider).ask({RUN_ID_VARIABLE: "abc"})["stdout"] == "abc\n"
