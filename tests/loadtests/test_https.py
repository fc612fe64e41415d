"""HTTPS targets: certificates are checked and shown; SSL_CERT_FILE names a private authority."""

from __future__ import annotations

import contextlib
import http.server
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import certificates

pytestmark = pytest.mark.service

ROOT = Path(__file__).parents[2]
ASK = """
import sys
from pathlib import Path
from loadtests.adk.access import Access
from loadtests.adk.client import Client
shown = [Path(each) for each in sys.argv[2:]]
access = Access(certificate=shown[0] if shown else None)
client = Client(sys.argv[1], connections=1, access=access)
answer = client.send("GET", "/", None, 5.0)
print(answer.sent, answer.status, answer.error)
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *_: object) -> None:
        """A server in a test has nothing to say."""


@contextlib.contextmanager
def _serving(certificate: Path, client: Path | None = None) -> Iterator[str]:
    """An HTTPS server's address; it wants to see the certificate `client`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if client is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Quiet) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An HTTPS server's address and its certificate."""
    certificate = certificates.write(tmp_path / "server.pem")
    with _serving(certificate) as url:
        yield url, certificate


def _ask(url: str, *certificate: Path, **environment: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", ASK, url, *map(str, certificate)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return finished.stdout.strip()


def test_a_private_authority_is_trusted_when_it_is_named(secure: tuple[str, Path]) -> None:
    url, certificate = secure
    assert _ask(url, SSL_CERT_FILE=str(certificate)) == "True 200 None"


def test_an_untrusted_certificate_is_refused_before_anything_is_sent(
    secure: tuple[str, Path],
) -> None:
    said = _ask(secure[0])
    assert said.startswith("False None")
    assert "certificate verify failed" in said.replace("_", " ").lower()


def test_a_client_certificate_is_shown_to_a_server_that_asks_for_it(tmp_path: Path) -> None:
    server, client = (certificates.write(tmp_path / name) for name in ("s.pem", "c.pem"))
    with _serving(server, client) as url:
        assert _ask(url, client, SSL_CERT_FILE=str(server)) == "True 200 None"


@pytest.mark.parametrize("shown", [None, "stranger.pem"])
def test_a_client_without_the_right_certificate_is_not_answered(
    tmp_path: Path, shown: str | None
) -> None:
    server, client = (certificates.write(tmp_path / name) for name in ("s.pem", "c.pem"))
    stranger = () if shown is None else (certificates.write(tmp_path / shown),)
    with _serving(server, client) as url:
        said = _ask(url, *stranger, SSL_CERT_FILE=str(server))
    # The server closes the connection: before its alert is read, there is only the end of it.
    _, status, *error = said.split()
    assert (status, error != ["None"]) == ("None", True), said
