"""Requests as clients of Toxiproxy in other languages send them."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from chaos.fleet.network import ProxyProcess
from tests.chaos.proxied_line import process

pytestmark = pytest.mark.service

__all__ = ["process"]

PROXY = {"name": "redis", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1"}


@pytest.fixture
def api(process: ProxyProcess) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=10)
    yield connection
    for name in ask(connection, "GET", "/proxies")[1]:
        ask(connection, "DELETE", f"/proxies/{name.replace(' ', '%20')}")
    connection.close()


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, **options: Any
) -> tuple[int, Any]:
    text = json.dumps(body).encode() if body is not None else None
    headers = options.pop("headers", {})
    if options.pop("chunks", False):
        assert text is not None
        pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
        connection.request(method, path, iter(pieces), headers, encode_chunked=True)
    else:
        connection.request(method, path, text, headers)
    answer = connection.getresponse()
    raw = answer.read()
    return answer.status, json.loads(raw) if raw else None


def test_a_body_in_chunks_is_read_whole(api: http.client.HTTPConnection) -> None:
    status, said = ask(
        api, "POST", "/populate", [PROXY], chunks=True, headers={"Transfer-Encoding": "chunked"}
    )
    assert (status, [each["name"] for each in said["proxies"]]) == (201, ["redis"])
    # The connection is at the beginning of the next request.
    assert list(ask(api, "GET", "/proxies")[1]) == ["redis"]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/populate", None, "must be an array, got nothing"),
        ("/populate", {}, "must be an array, got"),
        ("/populate", {"proxies": [PROXY]}, "must be an array, got"),
        ("/populate", [PROXY, {"name": "x"}], "missing required field: upstream at proxy 2"),
        ("/populate", ["redis"], "bad request body"),
        ("/proxies", None, "must be an object, got nothing"),
        ("/proxies", [PROXY], "must be an object, got"),
        ("/proxies", {**PROXY, "listen": "6379"}, "address 6379: must be HOST:PORT"),
    ],
)
def test_a_request_for_nothing_is_refused_and_makes_nothing(
    api: http.client.HTTPConnection, path: str, body: Any, said: str
) -> None:
    status, answer = ask(api, "POST", path, body)
    assert status == 400
    assert said in answer["error"]
    assert ask(api, "GET", "/proxies")[1] == {}


def test_keys_may_be_in_capitals(api: http.client.HTTPConnection) -> None:
    capitals = {"Name": "redis", "Listen": "127.0.0.1:0", "Upstream": "127.0.0.1:1"}
    assert ask(api, "POST", "/proxies", capitals)[0] == 201
    toxic = {"Name": "slow", "Stream": "Upstream", "Type": "bandwidth", "Attributes": {"Rate": 9}}
    status, said = ask(api, "POST", "/proxies/redis/toxics", toxic)
    assert (status, said["stream"], said["attributes"]) == (200, "upstream", {"rate": 9})
    status, said = ask(api, "POST", "/proxies/redis/toxics/slow", {"Toxicity": 0.5})
    assert (status, said["toxicity"]) == (200, 0.5)
    assert ask(api, "POST", "/proxies/redis", {"Enabled": False})[1]["enabled"] is False


@pytest.mark.parametrize(
    "path", ["/proxies", "/proxies/redis", "/proxies/redis/toxics", "/version"]
)
def test_head_is_answered_without_a_body(api: http.client.HTTPConnection, path: str) -> None:
    ask(api, "POST", "/proxies", PROXY)
    assert ask(api, "HEAD", path) == (200, None)
    # The connection is at the beginning of the next answer.
    assert list(ask(api, "GET", "/proxies")[1]) == ["redis"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("OPTIONS", "/proxies"),
        ("DELETE", "/proxies"),
        ("GET", "/reset"),
        ("GET", "/populate"),
        ("PUT", "/proxies/redis"),
        ("PUT", "/proxies/redis/toxics"),
        ("PUT", "/proxies/redis/toxics/latency_downstream"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_not_allowed(
    api: http.client.HTTPConnection, method: str, path: str
) -> None:
    ask(api, "POST", "/proxies", PROXY)
    ask(api, "POST", "/proxies/redis/toxics", {"type": "latency"})
    assert ask(api, method, path)[0] == 405
    assert len(ask(api, "GET", "/proxies")[1]["redis"]["toxics"]) == 1


def test_enabled_must_be_a_truth_value_or_nothing(api: http.client.HTTPConnection) -> None:
    assert ask(api, "POST", "/proxies", {**PROXY, "enabled": "false"})[0] == 400
    assert ask(api, "GET", "/proxies")[1] == {}
    assert ask(api, "POST", "/proxies", {**PROXY, "enabled": None})[1]["enabled"] is True
    assert ask(api, "POST", "/proxies/redis", {"enabled": "false"})[0] == 400
    assert ask(api, "GET", "/proxies/redis")[1]["enabled"] is True


def test_a_truth_value_is_no_number(api: http.client.HTTPConnection) -> None:
    ask(api, "POST", "/proxies", PROXY)
    toxic = {"type": "latency", "attributes": {"latency": True}}
    assert ask(api, "POST", "/proxies/redis/toxics", toxic)[0] == 400


@pytest.mark.parametrize("listen", ["[::]:0", ":0", "127.0.0.1:0", "localhost:0", "[::1]:0"])
@pytest.mark.parametrize("upstream", ["127.0.0.1", "localhost", "[::1]"])
def test_a_proxy_listens_and_connects_at_every_form_of_address(
    api: http.client.HTTPConnection, listen: str, upstream: str
) -> None:
    if "::1" in listen + upstream and not _has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    family = socket.AF_INET6 if "[" in upstream else socket.AF_INET
    host = "::1" if "[" in upstream else "127.0.0.1"
    with socket.create_server((host, 0), family=family) as server:
        port = server.getsockname()[1]
        wanted = {"name": "a b", "listen": listen, "upstream": f"{upstream}:{port}"}
        status, said = ask(api, "POST", "/proxies", wanted)
        assert status == 201, said
        place, _, port = said["listen"].rpartition(":")
        assert place == listen.rpartition(":")[0]
        near = {"[::1]": "::1"}.get(place, "127.0.0.1")
        with socket.create_connection((near, int(port)), 10) as client:
            client.sendall(b"hello")
            server.settimeout(10)
            end, _ = server.accept()
            with end:
                end.settimeout(10)
                assert end.recv(5) == b"hello"
    assert ask(api, "GET", "/proxies/a%20b")[1]["name"] == "a b"


def test_a_client_that_waits_to_be_told_to_go_on_is_told(process: ProxyProcess) -> None:
    body = json.dumps([]).encode()
    head = (
        f"POST /populate HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        "Expect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", process.port), 10) as client:
        client.sendall(head.encode())
        assert client.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n")
        client.sendall(body)
        answer = b""
        while more := client.recv(1000):  # it closes, as it was asked to
            answer += more
    assert answer.startswith(b"HTTP/1.1 201 ")


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False
