"""A public client of Toxiproxy, made for the real one, does its work with our proxy.

The client is `toxiproxy-python`; it runs as it was published.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from toxiproxy import Toxiproxy
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

from chaos.fleet.network import ProxyProcess
from chaos.fleet.redis_server import RedisServer
from chaos.proxy.toxics import ATTRIBUTES

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The server behind the proxy: any server that answers will do."""
    redis = RedisServer("bundled", tmp_path_factory.mktemp("redis"))
    redis.start()
    try:
        redis.wait_ready()
        yield redis
    finally:
        redis.close()
        redis.wait_ended(30)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Toxiproxy]:
    proxy = ProxyProcess(tmp_path / "proxy.log", os.environ)
    try:
        proxy.open()
        toxiproxy = Toxiproxy()
        toxiproxy.update_api_consumer("127.0.0.1", proxy.port)
        yield toxiproxy
    finally:
        proxy.close()
        proxy.wait_ended(30)


@pytest.fixture
def redis(client: Toxiproxy, server: RedisServer) -> Any:
    """The client's own proxy in front of the server."""
    return client.create(upstream=f"127.0.0.1:{server.port}", name="redis")


def ask(proxy: Any, wait: float = 30.0) -> tuple[str, float]:
    """The result of one request through the proxy, and the seconds it took."""
    host, _, port = proxy.listen.rpartition(":")
    begun = time.monotonic()
    try:
        with socket.create_connection((host, int(port)), wait) as connection:
            connection.settimeout(wait)
            connection.sendall(b"PING\r\n")
            heard = b""
            while not heard.endswith(b"\r\n"):
                more = connection.recv(64)
                if not more:
                    return f"closed after {len(heard)}", time.monotonic() - begun
                heard += more
            # The server refuses a client that is not logged in: that is an answer, too.
            return "answered", time.monotonic() - begun
    except TimeoutError:
        return "silence", time.monotonic() - begun
    except ConnectionRefusedError:
        return "refused", time.monotonic() - begun
    except ConnectionResetError:
        return "reset", time.monotonic() - begun


def test_a_proxy_is_made_found_and_destroyed(client: Toxiproxy, redis: Any) -> None:
    assert client.running()
    assert b"2." in client.version()
    assert ask(redis)[0] == "answered"
    assert list(client.proxies()) == ["redis"]
    found = client.get_proxy("redis")
    assert (found.upstream, found.listen, found.enabled) == (redis.upstream, redis.listen, True)
    assert client.destroy(redis)
    assert client.get_proxy("redis") is None
    assert ask(redis)[0] == "refused"


@pytest.mark.parametrize(
    ("kind", "attributes", "outcome"),
    [
        ("noop", {}, "answered"),
        ("latency", {"latency": 200, "jitter": 20}, "answered"),
        ("bandwidth", {"rate": 1000}, "answered"),
        ("slow_close", {"delay": 100}, "answered"),
        ("timeout", {"timeout": 100}, "closed after 0"),
        ("timeout", {"timeout": 0}, "silence"),
        ("reset_peer", {"timeout": 0}, "reset"),
        ("slicer", {"average_size": 4, "size_variation": 1, "delay": 100}, "answered"),
        ("limit_data", {"bytes": 3}, "closed after 3"),
    ],
)
def test_every_toxic_is_added_seen_felt_and_removed(
    redis: Any, kind: str, attributes: dict[str, int], outcome: str
) -> None:
    redis.add_toxic(type=kind, attributes=attributes)
    toxic = redis.get_toxic(f"{kind}_downstream")
    assert (toxic.type, toxic.stream, toxic.toxicity) == (kind, "downstream", 1.0)
    assert toxic.attributes == attributes
    answer, took = ask(redis, 1.0 if outcome == "silence" else 30.0)
    assert answer == outcome
    if kind == "latency":
        assert took >= 0.18
    assert redis.destroy_toxic(toxic.name)
    assert redis.toxics() == {}
    assert ask(redis)[0] == "answered"


def test_all_of_toxiproxy_s_types_are_tried_above() -> None:
    (mark,) = test_every_toxic_is_added_seen_felt_and_removed.pytestmark
    assert {row[0] for row in mark.args[1]} == set(ATTRIBUTES)


def test_two_toxics_on_both_streams_add_up(redis: Any) -> None:
    for stream in ("upstream", "downstream"):
        redis.add_toxic(type="latency", stream=stream, attributes={"latency": 150})
    assert set(redis.toxics()) == {"latency_upstream", "latency_downstream"}
    answer, took = ask(redis)
    assert answer == "answered"
    assert took >= 0.3


def test_a_toxic_without_toxicity_touches_no_connection(redis: Any) -> None:
    redis.add_toxic(type="reset_peer", toxicity=0.0, attributes={"timeout": 0})
    assert {ask(redis)[0] for _ in range(5)} == {"answered"}


def test_a_proxy_is_taken_down_and_comes_back_at_its_address(client: Any, redis: Any) -> None:
    with redis.down():
        assert ask(redis)[0] == "refused"
        assert client.get_proxy("redis").enabled is False
    assert ask(redis)[0] == "answered"


def test_a_reset_lets_everything_through_again(client: Toxiproxy, redis: Any) -> None:
    redis.add_toxic(type="timeout", attributes={"timeout": 0})
    redis.disable()
    assert client.reset()
    assert client.get_proxy("redis").enabled is True
    assert redis.toxics() == {}
    assert ask(redis)[0] == "answered"


def test_a_connection_that_lost_bytes_to_a_toxic_goes_with_it(redis: Any) -> None:
    host, _, port = redis.listen.rpartition(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(64)
        redis.add_toxic(type="timeout", stream="upstream", attributes={"timeout": 0})
        connection.sendall(b"PING\r\n")  # swallowed: the client would misread the next answer
        redis.destroy_toxic("timeout_upstream")
        assert connection.recv(64) == b""
    assert ask(redis)[0] == "answered"


def test_a_proxy_populated_again_unchanged_keeps_its_toxics(redis: Any) -> None:
    redis.add_toxic(type="latency", attributes={"latency": 1})
    same = {"name": "redis", "listen": redis.listen, "upstream": redis.upstream}
    assert APIConsumer.post("/populate", json=[same]).status_code == 201
    assert list(redis.toxics()) == ["latency_downstream"]
    APIConsumer.post("/populate", json=[{**same, "upstream": "127.0.0.1:1"}])
    assert redis.toxics() == {}


def test_browsers_are_kept_out(client: Toxiproxy) -> None:
    answer = requests.get(
        f"http://127.0.0.1:{APIConsumer.port}/proxies",
        headers={"User-Agent": "Mozilla/5.0"},
        timeout=10,
    )
    assert answer.status_code == 403


def test_several_proxies_are_made_at_once_and_all_destroyed(
    client: Toxiproxy, server: RedisServer
) -> None:
    upstream = f"127.0.0.1:{server.port}"
    made = client.populate([{"name": name, "upstream": upstream} for name in ("one", "two")])
    assert {ask(each)[0] for each in made} == {"answered"}
    assert set(client.proxies()) == {"one", "two"}
    client.destroy_all()
    assert client.proxies() == {}


def test_mistakes_get_the_answers_that_the_client_knows(client: Toxiproxy, redis: Any) -> None:
    with pytest.raises(ProxyExists):
        client.create(upstream=redis.upstream, name="redis")
    redis.add_toxic(type="latency", attributes={"latency": 1})
    with pytest.raises(ProxyExists):
        redis.add_toxic(type="latency", attributes={"latency": 1})
    with pytest.raises(InvalidToxic):
        redis.add_toxic(type="earthquake")
    with pytest.raises(InvalidToxic):
        redis.add_toxic(type="latency", stream="sideways")
    with pytest.raises(NotFound):
        redis.destroy_toxic("never there")
    client.destroy(redis)
    with pytest.raises(NotFound):
        redis.toxics()
