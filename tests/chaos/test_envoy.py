from __future__ import annotations

import contextlib
import http.client
import os
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.fleet.envoy import Envoy
from chaos.fleet.ports import free_port
from chaos.fleet.process_fleet import ProcessFleet

pytestmark = pytest.mark.service


def sent(port: int, path: str = "/") -> http.client.HTTPConnection:
    """A connection with a request on its way."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body=b"hello")
    return connection


def answered(connection: http.client.HTTPConnection) -> tuple[int, str | None, str | None]:
    """Status, the replica that answered, and the promised outcome."""
    with contextlib.closing(connection):
        response = connection.getresponse()
        response.read()
        return (
            response.status,
            response.headers["x-diya-replica"],
            response.headers["x-diya-outcome"],
        )


def ask(port: int, path: str = "/") -> tuple[int, str | None, str | None]:
    """One request, and its answer as `answered` tells it."""
    return answered(sent(port, path))


class Resetter:
    """A server that is ready, and resets every other request after it was sent."""

    def __init__(self) -> None:
        self.requests = 0
        self._listener = socket.create_server(("127.0.0.1", free_port()))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        with client:
            if client.recv(4096).startswith(b"GET /readyz"):
                client.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                return
            self.requests += 1
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.fixture
def resetters(tmp_path: Path) -> Iterator[tuple[Envoy, Resetter, Resetter]]:
    first, second = Resetter(), Resetter()
    envoy = Envoy(
        {"r01": first.port, "r02": second.port},
        free_port(),
        tmp_path,
        log=tmp_path / "envoy.log",
        env=os.environ,
    )
    envoy.start()
    envoy.wait_in_rotation(["r01", "r02"])
    yield envoy, first, second
    envoy.kill()
    first.close()
    second.close()


def test_turns_are_spread_evenly_as_soon_as_all_are_in_rotation(fleet: ProcessFleet) -> None:
    assert Counter(ask(fleet.balancer.port)[1] for _ in range(30)) == dict.fromkeys(
        fleet.replicas, 10
    )


def test_a_killed_replica_costs_no_new_request_its_answer(fleet: ProcessFleet) -> None:
    for _ in range(6):  # idle connections to every replica
        ask(fleet.balancer.port)
    fleet.replicas["r02"].kill()
    answers = [ask(fleet.balancer.port) for _ in range(30)]
    assert {status for status, _, _ in answers} == {200}
    assert {who for _, who, _ in answers} == {"r01", "r03"}


def rises(
    fleet: ProcessFleet, before: dict[str, dict[str, float]], counter: str
) -> dict[str, float]:
    """By how much a counter of the balancer rose, for each replica."""
    after = fleet.balancer.counters()
    return {name: after[name][counter] - before[name][counter] for name in fleet.replicas}


def test_it_counts_the_requests_that_found_a_replica_dead(fleet: ProcessFleet) -> None:
    before = fleet.balancer.counters()
    for _ in range(6):
        ask(fleet.balancer.port)
    assert rises(fleet, before, "requests") == dict.fromkeys(fleet.replicas, 2.0)
    # Frozen, so that its health checks do not find the dead replica before the requests do.
    fleet.balancer.freeze()
    fleet.replicas["r02"].kill()
    waiting = [sent(fleet.balancer.port) for _ in range(6)]
    fleet.balancer.resume()
    for connection in waiting:
        answered(connection)
    refused = rises(fleet, before, "connect_fail")
    assert refused["r02"] >= 1
    assert refused["r01"] == refused["r03"] == 0
    assert rises(fleet, before, "requests")["r02"] == 2


def test_its_own_health_checks_are_no_requests(fleet: ProcessFleet) -> None:
    before = fleet.balancer.counters()
    fleet.replicas["r02"].kill()
    fleet.balancer.wait_until(
        lambda: "r02" not in fleet.balancer.in_rotation(), 20, "without the dead replica"
    )
    assert rises(fleet, before, "connect_fail")["r02"] == 0


def test_a_balancer_that_does_not_run_has_counted_nothing(tmp_path: Path) -> None:
    log = tmp_path / "envoy.log"
    envoy = Envoy({"r01": free_port()}, free_port(), tmp_path, log=log, env=os.environ)
    assert envoy.counters() == {}


def test_a_drained_replica_fails_no_request(fleet: ProcessFleet) -> None:
    over = threading.Event()
    answers: list[tuple[int, str | None, str | None]] = []

    def customer() -> None:
        while not over.is_set():
            answers.append(ask(fleet.balancer.port, "/slow?0.05"))

    customers = [threading.Thread(target=customer) for _ in range(4)]
    for thread in customers:
        thread.start()
    assert fleet.replicas["r01"].terminate(10)
    at_exit = len(answers)
    over.set()
    for thread in customers:
        thread.join()
    assert at_exit > 20
    assert Counter(status for status, _, _ in answers) == {200: len(answers)}
    assert "r01" not in {who for _, who, _ in answers[at_exit - 10 :]}


def test_no_replica_at_all_promises_that_nothing_happened(fleet: ProcessFleet) -> None:
    for replica in fleet.replicas.values():
        replica.kill()
    for _ in range(3):
        status, _, outcome = ask(fleet.balancer.port)
        assert (status, outcome) == (503, "not-run")


def test_a_request_that_was_sent_is_neither_repeated_nor_promised_away(
    resetters: tuple[Envoy, Resetter, Resetter],
) -> None:
    envoy, first, second = resetters
    answers = [ask(envoy.port) for _ in range(6)]
    assert [(status, outcome) for status, _, outcome in answers] == [(503, None)] * 6
    assert first.requests + second.requests == 6


def test_a_refused_connection_before_the_reset_promises_nothing_either(
    resetters: tuple[Envoy, Resetter, Resetter],
) -> None:
    envoy, first, second = resetters
    first.close()
    answers = [ask(envoy.port) for _ in range(4)]
    assert [(status, outcome) for status, _, outcome in answers] == [(503, None)] * 4
    assert second.requests == 4


def test_a_stream_is_passed_on_piece_by_piece(fleet: ProcessFleet) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", fleet.balancer.port, timeout=30)
    sent = time.monotonic()
    connection.request("GET", "/stream")
    response = connection.getresponse()
    assert response.readline() == b"data: 1\n"
    first_token = time.monotonic() - sent
    response.read()
    whole = time.monotonic() - sent
    connection.close()
    assert whole >= 1.0
    assert first_token < whole - 0.5


def test_its_admin_interface_cannot_make_it_quit(fleet: ProcessFleet) -> None:
    assert ask(fleet.balancer.admin_port, "/quitquitquit")[0] == 403
    assert fleet.balancer.running
