"""What goes through our proxy, with a test at either end of a real connection.

Where the behaviour is a choice, it is that of the real Toxiproxy.
"""

from __future__ import annotations

import os
import random
import select
import socket
import threading
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import psutil
import pytest
import requests

from chaos.fleet.network import ProxyProcess
from chaos.proxy.flow import MOST_BYTES

pytestmark = pytest.mark.service

SOON = 1.0
"""Seconds: far below every wait that is cut short here, far above what a busy machine takes."""
ALL_BUT_SURE = 0.999999
"""A toxicity that leaves it to chance, as the tests of it must."""


class Line:
    """A connection through a proxy of its own: `client` and `server` are its two ends."""

    def __init__(self, process: ProxyProcess, name: str) -> None:
        self.pid = process.pid
        self._api = f"http://127.0.0.1:{process.port}"
        self.path = f"/proxies/{name}"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            upstream = f"127.0.0.1:{listener.getsockname()[1]}"
            shown = self.ask("POST", "/proxies", {"name": name, "upstream": upstream})
            host, _, port = shown["listen"].rpartition(":")
            self.client = socket.create_connection((host, int(port)), 30)
            self.server, _ = listener.accept()
        self.server.settimeout(30)
        self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, method: str, path: str, values: Any = None) -> Any:
        """Talk to the API."""
        answer = requests.request(method, self._api + path, json=values, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def add(self, kind: str, *, name: str = "it", toxicity: float = 1.0, **attributes: int) -> None:
        """A toxic on what the client sends."""
        toxic = {"name": name, "type": kind, "stream": "upstream", "toxicity": toxicity}
        self.ask("POST", f"{self.path}/toxics", {**toxic, "attributes": attributes})

    def change(self, *, name: str = "it", toxicity: float | None = None, **attributes: int) -> None:
        """Update a toxic."""
        values = {} if toxicity is None else {"toxicity": toxicity}
        self.ask("POST", f"{self.path}/toxics/{name}", {**values, "attributes": attributes})

    def remove(self, name: str = "it") -> None:
        """Take a toxic away."""
        self.ask("DELETE", f"{self.path}/toxics/{name}")

    def send(self, data: bytes) -> None:
        """Let the client send, and the proxy read it: it has, when it answers what came later."""
        self.client.sendall(data)
        for _ in range(2):
            self.ask("GET", self.path)

    def receive(self, size: int) -> bytes:
        """So many bytes at the server, or all until the end."""
        heard = bytearray()
        while len(heard) < size and (more := self.server.recv(min(1 << 20, size - len(heard)))):
            heard += more
        return bytes(heard)

    def close(self) -> None:
        """Close both ends, and take the proxy away."""
        self.client.close()
        self.server.close()
        self.ask("DELETE", self.path)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    proxy = ProxyProcess(tmp_path_factory.mktemp("proxy") / "proxy.log", os.environ)
    try:
        proxy.open()
        yield proxy
    finally:
        proxy.close()
        proxy.wait_ended(5)


_numbers = count()


@pytest.fixture
def line(process: ProxyProcess) -> Iterator[Line]:
    made = Line(process, f"line-{next(_numbers)}")
    try:
        yield made
    finally:
        made.close()


def quiet(end: socket.socket, seconds: float) -> bool:
    """Whether nothing comes for that long."""
    return not select.select([end], [], [], seconds)[0]


def fill(end: socket.socket, data: bytes) -> int:
    """Send until nothing has been taken for half a second, or all is; how much was taken."""
    end.setblocking(False)
    sent = 0
    while sent < len(data) and select.select([], [end], [], 0.5)[1]:
        sent += end.send(data[sent : sent + 65536])
    end.settimeout(30)
    return sent


HOLDING: list[tuple[str, dict[str, Any]]] = [
    ("bandwidth", {"rate": 1}),
    ("latency", {"latency": 60_000}),
    ("slicer", {"average_size": 1_000, "delay": 1_000_000}),
    ("reset_peer", {"timeout": 60_000}),
]
"""Toxics that keep 60 kB for a minute."""


@pytest.mark.parametrize("how", ["remove", "reset"])
@pytest.mark.parametrize(("kind", "attributes"), HOLDING)
def test_held_bytes_flow_on_when_their_toxic_is_removed(
    line: Line, kind: str, attributes: dict[str, Any], how: str
) -> None:
    line.add(kind, **attributes)
    data, late = os.urandom(60_000), os.urandom(1_000)
    line.send(data[:20_000])
    line.send(data[20_000:])
    if how == "remove":
        line.remove()
    else:
        line.ask("POST", "/reset")
    healed = time.monotonic()
    line.client.sendall(late)
    assert line.receive(61_000) == data + late
    assert time.monotonic() - healed < SOON


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("bandwidth", {"rate": 1}, {"rate": 1_000_000}),
        ("latency", {"latency": 60_000}, {"latency": 1}),
        ("slicer", {"average_size": 1_000, "delay": 1_000_000}, {"average_size": 60_000}),
    ],
)
def test_held_bytes_flow_on_when_their_toxic_is_changed(
    line: Line, kind: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    line.add(kind, **before)
    data = os.urandom(60_000)
    line.send(data[:20_000])
    line.send(data[20_000:])
    line.change(**after)
    changed = time.monotonic()
    assert line.receive(60_000) == data
    assert time.monotonic() - changed < SOON


def test_an_end_that_a_toxic_holds_flows_on_the_moment_that_it_goes(line: Line) -> None:
    line.add("slow_close", delay=60_000)
    line.client.sendall(b"last")
    line.client.shutdown(socket.SHUT_WR)
    assert line.receive(4) == b"last"
    assert quiet(line.server, 0.3)
    line.remove()
    assert not quiet(line.server, SOON)
    assert line.receive(1) == b""


def test_bytes_released_by_one_toxic_are_still_delayed_by_the_next(line: Line) -> None:
    line.add("bandwidth", rate=1)
    line.add("latency", name="next", latency=300)
    data = os.urandom(60_000)
    line.send(data)
    line.remove()
    removed = time.monotonic()
    assert line.receive(60_000) == data
    assert 0.25 < time.monotonic() - removed < 0.3 + SOON


@pytest.mark.parametrize("seed", range(4))
def test_toxics_that_come_change_and_go_lose_double_and_reorder_nothing(
    line: Line, seed: int
) -> None:
    rng = random.Random(seed)
    data = rng.randbytes(3_000_000)
    heard: list[bytes] = []

    def send() -> None:
        sent = 0
        while sent < len(data):
            sent += line.client.send(data[sent : sent + rng.choice([100, 10_000, 200_000])])
        line.client.shutdown(socket.SHUT_WR)

    ends = [
        threading.Thread(target=send),
        threading.Thread(target=lambda: heard.append(line.receive(len(data) + 1))),
    ]
    kinds: dict[str, dict[str, Any]] = {
        "latency": {"latency": 50, "jitter": 50},
        "bandwidth": {"rate": 200},
        "slicer": {"average_size": 500, "size_variation": 400, "delay": 500},
        "slow_close": {"delay": 50},
        "limit_data": {"bytes": 10 * len(data)},
    }
    there: set[str] = set()
    for each in ends:
        each.start()
    for _ in range(150):
        kind = rng.choice(list(kinds))
        if kind not in there:
            line.add(kind, name=kind, **kinds[kind])
            there.add(kind)
        elif rng.random() < 0.5:
            line.change(name=kind, toxicity=rng.random())
        else:
            line.remove(kind)
            there.remove(kind)
    line.ask("POST", "/reset")
    for each in ends:
        each.join()
    assert heard == [data]


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [("bandwidth", {"rate": 10}), ("latency", {"latency": 1}), ("latency", {"latency": 60_000})],
)
def test_a_sender_waits_when_too_many_bytes_are_in_flight(
    line: Line, kind: str, attributes: dict[str, Any]
) -> None:
    line.add(kind, **attributes)
    _fill_and_drain(line, heal=True)


def test_a_sender_waits_when_the_other_side_does_not_read(line: Line) -> None:
    _fill_and_drain(line, heal=False)


def _fill_and_drain(line: Line, *, heal: bool) -> None:
    data = os.urandom(999_983) * 80  # more than the kernel's buffers take
    memory = psutil.Process(line.pid)
    before = memory.memory_info().rss
    sent = fill(line.client, data)
    assert sent < len(data)
    assert memory.memory_info().rss - before < 8 * MOST_BYTES

    def send_the_rest() -> None:
        line.client.sendall(data[sent:])
        line.client.shutdown(socket.SHUT_WR)

    rest = threading.Thread(target=send_the_rest)
    rest.start()
    if heal:
        line.remove()
    assert line.receive(len(data) + 1) == data
    rest.join()


def test_the_end_comes_after_all_that_waited_even_when_reading_had_stopped(line: Line) -> None:
    line.add("bandwidth", rate=20_000)
    data = os.urandom(8 * MOST_BYTES)

    def send() -> None:
        line.client.sendall(data)
        line.client.shutdown(socket.SHUT_WR)

    sending = threading.Thread(target=send)
    begun = time.monotonic()
    sending.start()
    assert line.receive(len(data) + 1) == data
    assert time.monotonic() - begun > 0.9 * len(data) / 20e6
    sending.join()


def test_each_of_two_delays_counts_from_when_a_piece_came(line: Line) -> None:
    line.add("latency", latency=100)
    line.add("latency", name="second", latency=100)
    sent = []
    for number in range(10):
        line.client.sendall(bytes([number]))
        sent.append(time.monotonic())
        time.sleep(0.01)  # so that they come one by one
    took = []
    for number in range(10):
        assert line.receive(1) == bytes([number])
        took.append(time.monotonic() - sent[number])
    assert min(took) > 0.18
    assert max(took) < 0.5


def test_chance_decides_anew_about_open_connections_when_a_toxic_is_changed(line: Line) -> None:
    line.add("latency", toxicity=0.0, latency=300)
    for toxicity, slow in ((ALL_BUT_SURE, True), (0.0, False), (1.0, True)):
        line.change(toxicity=toxicity)
        begun = time.monotonic()
        line.client.sendall(b"x")
        assert line.receive(1) == b"x"
        assert (time.monotonic() - begun > 0.25) is slow


def test_a_toxic_that_is_looked_at_leaves_chance_alone(line: Line) -> None:
    line.add("latency", toxicity=0.5, latency=200)

    def slow() -> bool:
        begun = time.monotonic()
        line.client.sendall(b"x")
        assert line.receive(1) == b"x"
        return time.monotonic() - begun > 0.15

    first = slow()
    for _ in range(5):
        line.ask("GET", f"{line.path}/toxics/it")
        assert slow() is first


def test_a_timeout_counts_from_the_last_that_came(line: Line) -> None:
    line.add("timeout", timeout=600)
    begun = time.monotonic()
    while time.monotonic() - begun < 1.2:
        line.client.sendall(b"swallowed")
        assert quiet(line.client, 0.1)
    last = time.monotonic()
    assert line.receive(1) == b""
    assert 0.4 < time.monotonic() - last < 0.6 + SOON


def test_a_timeout_begins_anew_when_it_is_changed(line: Line) -> None:
    line.add("timeout", timeout=60_000)
    line.change(timeout=300)
    changed = time.monotonic()
    assert line.receive(1) == b""
    assert 0.25 < time.monotonic() - changed < 0.3 + SOON


def test_a_stream_that_lost_bytes_does_not_go_on_when_chance_spares_it(line: Line) -> None:
    line.add("timeout", timeout=0)
    line.change(toxicity=0.0)
    line.client.sendall(b"none lost yet")
    assert line.receive(13) == b"none lost yet"
    line.change(toxicity=1.0)
    line.send(b"lost")
    line.change(toxicity=0.0)
    assert line.receive(1) == b""


def test_a_connection_is_reset_only_once_something_was_sent(line: Line) -> None:
    line.add("reset_peer", timeout=0)
    assert quiet(line.client, 0.3)
    line.client.sendall(b"x")
    for end in (line.client, line.server):
        with pytest.raises(ConnectionResetError):
            end.recv(1)


def test_a_reset_that_is_due_is_waited_for_anew_when_it_is_changed(line: Line) -> None:
    line.add("reset_peer", timeout=60_000)
    line.send(b"x")
    line.change(timeout=300)
    changed = time.monotonic()
    with pytest.raises(ConnectionResetError):
        line.receive(1)
    assert 0.25 < time.monotonic() - changed < 0.3 + SOON


def test_bytes_that_are_let_through_before_a_cut_are_delayed_as_all(line: Line) -> None:
    line.add("limit_data", bytes=5)
    line.add("latency", name="next", latency=300)
    begun = time.monotonic()
    line.client.sendall(b"0123456789")
    assert line.receive(10) == b"01234"
    assert time.monotonic() - begun > 0.25


def test_small_pieces_keep_to_the_rate_too(line: Line) -> None:
    line.add("bandwidth", rate=1_000)
    begun = time.monotonic()
    for _ in range(1_000):  # each is less than half a millisecond, the finest that a timer knows
        line.client.sendall(b"x" * 400)
        assert len(line.receive(400)) == 400
    assert time.monotonic() - begun > 0.36


def test_bytes_sent_and_ended_before_there_is_a_server_arrive(line: Line) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        upstream = f"127.0.0.1:{listener.getsockname()[1]}"
        line.ask("POST", line.path, {"upstream": upstream})
        host, _, port = line.ask("GET", line.path)["listen"].rpartition(":")
        for _ in range(20):
            with socket.create_connection((host, int(port)), 30) as client:
                client.sendall(b"all")
                client.shutdown(socket.SHUT_WR)
                server, _ = listener.accept()
                with server:
                    server.settimeout(30)
                    assert server.recv(8) == b"all"
                    assert server.recv(8) == b""
