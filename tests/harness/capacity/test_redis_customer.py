"""The customer of the measurement: which conversations it plays, and over which connection."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chaos.errors import ChaosError
from harness.capacity.redis_size.customer import Customer, plans
from loadtests.profiles import profile

DIWALI = profile.load("diwali")


class Replica(ThreadingHTTPServer):
    """Answers everything, and counts its connections."""

    connections = 0
    status = 200

    def get_request(self):  # type: ignore[no-untyped-def]
        self.connections += 1
        return super().get_request()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        assert isinstance(self.server, Replica)
        self.send_response(self.server.status)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def replica() -> Iterator[Replica]:
    """A replica in a thread."""
    with Replica(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_each_conversation_has_a_connection_of_its_own(replica: Replica) -> None:
    talks = list(itertools.islice(plans(DIWALI, "connectionsr"), 3))
    with Customer(replica.server_port) as customer:
        for plan in talks:
            assert len(customer.converse(plan)) == len(plan.messages)
    assert replica.connections == 3


def test_a_refused_turn_is_an_error_that_names_its_status(replica: Replica) -> None:
    replica.status = 503
    with Customer(replica.server_port) as customer, pytest.raises(ChaosError, match="503"):
        customer.converse(next(plans(DIWALI, "refusedturns")))


def test_a_replica_that_is_gone_is_an_error(replica: Replica) -> None:
    port = replica.server_port
    replica.server_close()
    with Customer(port) as customer, pytest.raises(ChaosError, match="did not answer"):
        customer.converse(next(plans(DIWALI, "goneandgone1")))


def test_journeys_come_in_their_shares_even_among_few_conversations() -> None:
    drawn = Counter(plan.journey for plan in itertools.islice(plans(DIWALI, "sharesshares"), 100))
    assert all(abs(drawn[name] - weight) <= 2 for name, weight in DIWALI.journeys.items())


def test_conversations_of_a_given_length_have_exactly_that_many_turns() -> None:
    drawn = itertools.islice(plans(DIWALI, "lengthlength", turns=12), 20)
    assert {len(plan.messages) for plan in drawn} == {12}
