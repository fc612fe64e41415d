"""Odd requests to the proxy's API: what Toxiproxy takes is done, all else is refused whole."""

from __future__ import annotations

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chaos.fleet.network import ProxyProcess
from tests.chaos.proxied_line import process
from tests.chaos.test_toxiproxy_manners import PROXY, api, ask

pytestmark = pytest.mark.service

__all__ = ["api", "process"]


def say(process: ProxyProcess, text: bytes) -> tuple[int, Any]:
    """The status and the body of the answer to these bytes; the server must close by itself."""
    with socket.create_connection(("127.0.0.1", process.port), 10) as client:
        client.sendall(text)
        answer = b""
        while more := client.recv(1 << 16):
            answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize(
    ("request_bytes", "status", "said"),
    [
        (b"GET /version\r\n\r\n", 400, "must be METHOD PATH HTTP/1.1"),
        (b"POST /populate HTTP/1.1\r\nContent-Length: ten\r\n\r\n", 400, "'ten'"),
        (b"POST /populate HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "0 or more, got -1"),
        (b"POST /populate HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n[", 413, "at most"),
        (b"POST /populate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "zz"),
        (b"POST /populate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", 413, "most"),
        (b"GET /version HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", 400, "bad request"),
        (b"GET /version HTTP/1.1\r\nUser-Agent: Mozilla/5.0\r\n\r\n", 403, "User agent"),
    ],
    ids=["no version", "words", "negative", "long", "chunk", "long chunk", "header", "browser"],
)
def test_a_broken_request_is_answered_before_the_connection_ends(
    process: ProxyProcess, request_bytes: bytes, status: int, said: str
) -> None:
    answered, body = say(process, request_bytes)
    assert answered == status
    assert said in body["error"]


@pytest.mark.parametrize(
    "head",
    [
        b"\r\nGET /version HTTP/1.1\r\nConnection: close",
        b"GET http://127.0.0.1:8474/version HTTP/1.1\r\nConnection: TE, close",
        b"GET /version?pretty HTTP/1.0",
    ],
    ids=["empty line first", "whole address", "HTTP/1.0"],
)
def test_a_request_of_an_old_client_or_of_one_behind_a_proxy_is_answered(
    process: ProxyProcess, head: bytes
) -> None:
    status, body = say(process, head + b"\r\n\r\n")
    assert (status, list(body)) == (200, ["version"])


def test_a_name_may_come_as_it_is_typed(api: http.client.HTTPConnection) -> None:
    assert ask(api, "POST", "/proxies", {**PROXY, "name": "café"})[0] == 201
    # http.client encodes the request line in ASCII: write the bytes of UTF-8 as curl does.
    api.putrequest("DELETE", "/proxies/redis", skip_host=True)
    api._buffer[0] = "DELETE /proxies/café HTTP/1.1".encode()  # type: ignore[attr-defined]
    api.endheaders()
    answer = api.getresponse()
    answer.read()
    assert answer.status == 204
    assert ask(api, "GET", "/proxies")[1] == {}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/proxies", {**PROXY, "name": 5}, "name must be a text, got 5"),
        ("/proxies", {**PROXY, "listen": 6379}, "listen must be a text, got 6379"),
        ("/proxies", {**PROXY, "upstream": "redis"}, "address redis: must be HOST:PORT"),
        ("/proxies", {**PROXY, "listen": "::1:0"}, "address ::1:0: must be HOST:PORT"),
        ("/proxies", {**PROXY, "toxics": [{"type": "slow"}]}, "invalid toxic type: 'slow'"),
        ("/populate", [PROXY, {**PROXY, "upstream": "redis"}], "must be HOST:PORT"),
        ("/populate", [PROXY, {**PROXY, "enabled": 1}], "enabled must be true or false"),
    ],
)
def test_a_proxy_described_wrongly_is_refused_and_none_is_made(
    api: http.client.HTTPConnection, path: str, body: Any, said: str
) -> None:
    status, answer = ask(api, "POST", path, body)
    assert (status, ask(api, "GET", "/proxies")[1]) == (400, {})
    assert said in answer["error"]


@pytest.mark.parametrize("body", [{"listen": "there"}, {"upstream": "there"}, {"listen": 1}])
def test_an_update_that_is_refused_changes_nothing(
    api: http.client.HTTPConnection, body: Any
) -> None:
    before = ask(api, "POST", "/proxies", PROXY)[1]
    assert ask(api, "PATCH", "/proxies/redis", {**body, "enabled": False})[0] == 400
    assert ask(api, "GET", "/proxies/redis")[1] == before


def test_a_disabled_proxy_stays_disabled_when_its_upstream_is_changed(
    api: http.client.HTTPConnection,
) -> None:
    ask(api, "POST", "/proxies", {**PROXY, "enabled": False})
    status, said = ask(api, "PATCH", "/proxies/redis", {"upstream": "127.0.0.1:2", "listen": None})
    assert (status, said["upstream"], said["enabled"]) == (200, "127.0.0.1:2", False)


def test_a_deeply_nested_body_is_refused(api: http.client.HTTPConnection) -> None:
    api.request("POST", "/populate", b"[" * 50_000)
    answer = api.getresponse()
    assert (answer.status, json.loads(answer.read())["status"]) == (400, 400)


def test_a_request_that_needs_no_body_reads_none(api: http.client.HTTPConnection) -> None:
    for method, path, status in (("GET", "/proxies", 200), ("POST", "/reset", 204)):
        api.request(method, path, b"{")
        answer = api.getresponse()
        answer.read()
        assert answer.status == status


def test_one_of_many_that_ask_for_a_name_at_once_gets_it(
    api: http.client.HTTPConnection, process: ProxyProcess
) -> None:
    def create(_: int) -> int:
        mine = http.client.HTTPConnection("127.0.0.1", process.port, timeout=10)
        try:
            return ask(mine, "POST", "/proxies", {**PROXY, "listen": "localhost:0"})[0]
        finally:
            mine.close()

    with ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(create, range(12))) == [201] + [409] * 11


def test_populate_that_fails_on_the_way_says_what_it_made(
    api: http.client.HTTPConnection,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        used = f"127.0.0.1:{taken.getsockname()[1]}"
        asked = [PROXY, {**PROXY, "name": "second", "listen": used}]
        status, said = ask(api, "POST", "/populate", asked)
        assert (status, [each["name"] for each in said["proxies"]]) == (500, ["redis"])
        assert "address already in use" in said["error"]
        assert list(ask(api, "GET", "/proxies")[1]) == ["redis"]
        # One that cannot be replaced is there still, closed.
        assert ask(api, "POST", "/populate", [{**PROXY, "listen": used}])[0] == 500
        assert ask(api, "GET", "/proxies/redis")[1]["enabled"] is False


def test_a_description_got_is_a_description_given(api: http.client.HTTPConnection) -> None:
    ask(api, "POST", "/proxies", PROXY)
    for stream in ("downstream", "upstream"):
        toxic = {"type": "latency", "stream": stream, "attributes": {"latency": 7}}
        ask(api, "POST", "/proxies/redis/toxics", toxic)
    described = ask(api, "GET", "/proxies")[1]["redis"]
    # As Toxiproxy lists them: the way to the server first.
    assert [each["stream"] for each in described["toxics"]] == ["upstream", "downstream"]
    ask(api, "DELETE", "/proxies/redis")
    status, said = ask(api, "POST", "/populate", [described])
    assert (status, said["proxies"]) == (201, [described])
    fewer = {**described, "toxics": described["toxics"][:1]}
    assert ask(api, "POST", "/populate", [fewer])[1]["proxies"] == [fewer]
    # A description without toxics is one of Toxiproxy's, and leaves those that are there.
    assert ask(api, "POST", "/populate", [{**fewer, "toxics": None}])[1]["proxies"] == [fewer]


@pytest.mark.parametrize(
    "values",
    [
        {"attributes": []},
        {"attributes": "latency=5"},
        {"attributes": {"latency": 1 << 63}},
        {"attributes": {"latency": 5.5}},
        {"toxicity": "1"},
    ],
)
def test_a_toxic_described_wrongly_is_refused(
    api: http.client.HTTPConnection, values: dict[str, Any]
) -> None:
    ask(api, "POST", "/proxies", PROXY)
    assert ask(api, "POST", "/proxies/redis/toxics", {"type": "latency", **values})[0] == 400
    assert ask(api, "GET", "/proxies/redis/toxics")[1] == []


def test_null_leaves_what_a_toxic_has(api: http.client.HTTPConnection) -> None:
    ask(api, "POST", "/proxies", PROXY)
    nothing = {"name": None, "stream": None, "toxicity": None, "attributes": {"latency": None}}
    made = ask(api, "POST", "/proxies/redis/toxics", {"type": "latency", **nothing})
    assert made[1]["attributes"] == {"latency": 0, "jitter": 0}
    path = "/proxies/redis/toxics/latency_downstream"
    ask(api, "PATCH", path, {"toxicity": 0.5, "attributes": {"latency": 9}})
    status, said = ask(api, "PATCH", path, {"toxicity": None, "attributes": None})
    assert (status, said["toxicity"], said["attributes"]["latency"]) == (200, 0.5, 9)


def test_a_path_below_a_toxic_is_not_found(api: http.client.HTTPConnection) -> None:
    ask(api, "POST", "/proxies", PROXY)
    ask(api, "POST", "/proxies/redis/toxics", {"type": "noop"})
    assert ask(api, "DELETE", "/proxies/redis/toxics/noop_downstream/attributes")[0] == 404
    assert [each["type"] for each in ask(api, "GET", "/proxies/redis/toxics")[1]] == ["noop"]
