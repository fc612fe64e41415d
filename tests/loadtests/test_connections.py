"""Which connections are kept, used again, closed."""

from __future__ import annotations

import gc
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import gevent
import pytest

from chaos.fleet.ports import free_port
from loadtests.adk.client import Client
from tests.loadtests.scripted_server import CLOSE, HANG, Step, reply, serving


def _ask(client: Client) -> None:
    assert client.send("GET", "/", None, 10.0).complete


def test_a_connection_is_used_again_until_it_has_been_idle_for_a_while() -> None:
    with serving(reply(200)) as server:
        client = Client(server.url, connections=2)
        _ask(client)
        client.close_idle(3600.0)
        _ask(client)
        assert server.connections == 1
        client.close_idle(0.0)
        _ask(client)
        assert server.connections == 2
        client.close()


def test_a_cut_breaks_a_connection_that_waits_for_an_answer() -> None:
    with serving(reply(200), HANG, reply(200)) as server:
        client = Client(server.url, connections=2)
        _ask(client)
        waiting = gevent.spawn(client.send, "GET", "/", None, 60.0)
        while len(server.requests) < 2:
            gevent.sleep(0.01)
        assert client.cut() == 1
        answer = waiting.get(timeout=30)
        assert (answer.sent, answer.complete, answer.status) == (True, False, None)
        assert answer.error == "connection closed without a response"
        assert client.cut() == 0
        _ask(client)
        assert server.connections == 2
        client.close()


@pytest.fixture
def many_files() -> Iterator[None]:
    """As many open files as 1,024 waiting customers would have."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = before
    if soft < 2048:
        resource.setrlimit(resource.RLIMIT_NOFILE, (2048, hard))
    first = os.open(os.devnull, os.O_RDONLY)
    files = [first, *(os.dup(first) for _ in range(1100))]
    yield
    for each in files:
        os.close(each)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("many_files")
def test_a_connection_with_a_high_descriptor_is_used_again() -> None:
    with serving(reply(200)) as server:
        client = Client(server.url, connections=1)
        for _ in range(3):
            _ask(client)
        client.close()
    assert server.connections == 1


def test_a_client_is_full_while_all_its_connections_are_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(f"http://127.0.0.1:{silent.getsockname()[1]}", connections=1)
        assert not client.full
        asking = gevent.spawn(client.send, "GET", "/", None, 60.0)
        with gevent.Timeout(30):
            while not client.full:
                gevent.sleep(0)
        asking.kill()
        assert not client.full
        client.close()


@pytest.fixture
def no_collector() -> Iterator[None]:
    """The search for lost cycles is left to the test."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("how", ["refused", "silent", "closed", "broken"])
def test_the_memory_of_a_failed_request_is_freed_at_once(how: str) -> None:
    steps = {"closed": CLOSE, "broken": Step((b"this is no HTTP",), "close")}
    with ExitStack() as stack:
        if how in steps:
            url = stack.enter_context(serving(steps[how])).url
        elif how == "silent":
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        else:
            url = f"http://127.0.0.1:{free_port()}"
        client = Client(url, connections=1)
        # The first request loads the modules that are loaded once.
        errors = {client.send("GET", "/", None, 0.01 if how == "silent" else 10).error}
        gc.collect()
        for _ in range(20):
            errors.add(client.send("GET", "/", None, 0.01 if how == "silent" else 10).error)
        lost = gc.collect()
        client.close()
    assert None not in errors
    assert lost < 20, "each of them left a cycle"
