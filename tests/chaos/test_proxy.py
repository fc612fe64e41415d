"""Data through our proxy, with the test at both ends of a real connection.

Where the behaviour is a choice, it is that of the real Toxiproxy.
"""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from typing import Any

import psutil
import pytest

from chaos.proxy.flow import MOST_BYTES
from tests.chaos.proxied_line import SOON, Line, fill, line, process, quiet

pytestmark = pytest.mark.service

__all__ = ["line", "process"]

ALL_BUT_SURE = 0.999999
"""A toxicity that leaves it to chance, as the tests of it must."""


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
    removed = time.monotonic()
    line.remove()
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
    for number in range(30):
        line.client.sendall(bytes([number]))
        sent.append(time.monotonic())
        time.sleep(0.01)  # so that they come one by one
    took = []
    for number in range(30):
        assert line.receive(1) == bytes([number])
        took.append(time.monotonic() - sent[number])
    assert min(took) > 0.18
    assert max(took) < 2.0, "3 s if each waited for the one before it"


def test_chance_decides_anew_about_open_connections_when_a_toxic_is_changed(line: Line) -> None:
    line.add("latency", toxicity=0.0, latency=900)
    for toxicity, slow in ((ALL_BUT_SURE, True), (0.0, False), (1.0, True)):
        line.change(toxicity=toxicity)
        begun = time.monotonic()
        line.client.sendall(b"x")
        assert line.receive(1) == b"x"
        assert (time.monotonic() - begun > 0.85) is slow


def test_a_toxic_that_is_looked_at_leaves_chance_alone(line: Line) -> None:
    line.add("latency", toxicity=0.5, latency=800)

    def slow() -> bool:
        begun = time.monotonic()
        line.client.sendall(b"x")
        assert line.receive(1) == b"x"
        return time.monotonic() - begun > 0.75

    first = slow()
    for _ in range(3):
        line.ask("GET", f"{line.path}/toxics/it")
        assert slow() is first


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
