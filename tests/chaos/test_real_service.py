"""Faults whose effect only the real service can show: cut streams, and a model with a bad day."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from chaos.faults import model
from chaos.faults.base import Fault
from chaos.faults.kill_streaming import KillStreaming
from chaos.faults.model import ModelCutStreams, ModelErrors, ModelRateLimit, SlowModel
from chaos.faults.synthetic_users import SyntheticUsers
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.redis_client import connect
from chaos.fleet.waiting import wait_for
from reports.records import FaultWindow
from tests.chaos.test_faults import assert_healed, do

pytestmark = pytest.mark.service

QUESTION = "Where is my order ORD-58291, and when will it arrive?"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessFleet]:
    """Two replicas of the reference service, a Redis, a balancer."""
    folder = tmp_path_factory.mktemp("real")
    with ProcessFleet(folder, uuid.uuid4().hex[:12], replicas=2, redis="bundled") as fleet:
        fleet.start()
        fleet.wait_ready(60)
        yield fleet


@dataclass
class Reply:
    """The answer to a customer's turn."""

    status: int
    body: str
    seconds: float

    @property
    def whole(self) -> bool:
        """The agent's last word is there."""
        events = [json.loads(line[6:]) for line in self.body.splitlines() if line[:6] == "data: "]
        last = events[-1] if events else {}
        return self.status == 200 and bool(last.get("content")) and not last.get("partial")


@dataclass
class Customer:
    """Asks over the balancer, each time in a session of its own."""

    fleet: ProcessFleet
    replies: list[Reply] = field(default_factory=list)

    def ask(self) -> Reply:
        """One streamed turn."""
        session = f"chat-{uuid.uuid4().hex[:12]}"
        connection = http.client.HTTPConnection("127.0.0.1", self.fleet.balancer.port, timeout=30)
        try:
            self._post(connection, f"/apps/shopmax/users/u1/sessions/{session}", {})
            begun = time.monotonic()
            status, body = self._post(
                connection,
                "/run_sse",
                {
                    "appName": "shopmax",
                    "userId": "u1",
                    "sessionId": session,
                    "newMessage": {"role": "user", "parts": [{"text": QUESTION}]},
                    "streaming": True,
                },
            )
            return Reply(status, body, time.monotonic() - begun)
        finally:
            connection.close()

    def ask_until(self, over: threading.Event) -> None:
        """Ask again and again."""
        while not over.is_set():
            self.replies.append(self.ask())

    @staticmethod
    def _post(connection: http.client.HTTPConnection, path: str, body: Any) -> tuple[int, str]:
        connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
        response = connection.getresponse()
        try:
            return response.status, response.read().decode()
        except http.client.IncompleteRead as cut:
            return response.status, cut.partial.decode()


def under(fault: Fault, fleet: ProcessFleet) -> tuple[FaultWindow, list[Reply]]:
    """The window of the fault, and the replies of a customer that asks until it ends."""
    customer, over = Customer(fleet), threading.Event()
    asking = threading.Thread(target=customer.ask_until, args=(over,))
    asking.start()
    try:
        window = do(fault, fleet)
    finally:
        over.set()
        asking.join(60)
    return window, customer.replies


def test_a_streamed_reply_of_the_real_service_is_cut(real: ProcessFleet) -> None:
    whole = Customer(real).ask()
    assert whole.whole, whole
    before = real.replicas["r01"].identity
    window = do(KillStreaming(replica="r01", duration=0.0), real)
    assert (window.took_hold, window.error) == (True, None)
    assert real.replicas["r01"].identity != before
    assert_healed(window, real)
    assert Customer(real).ask().whole


def test_a_slow_model_makes_customers_wait_and_no_longer_than_it_lasts(real: ProcessFleet) -> None:
    usual = min(Customer(real).ask().seconds for _ in range(3))
    window, replies = under(SlowModel(duration=0.5, factor=10), real)
    assert (window.took_hold, window.error, window.target) == (True, None, "model")
    assert max(reply.seconds for reply in replies) > 3 * usual
    assert all(reply.whole for reply in replies)
    assert_healed(window, real)


@pytest.mark.parametrize("kind", [ModelErrors, ModelRateLimit, ModelCutStreams])
def test_a_failing_model_is_seen_by_customers_and_over_when_it_is_healed(
    real: ProcessFleet, kind: type[ModelErrors | ModelRateLimit | ModelCutStreams]
) -> None:
    window, replies = under(kind(duration=0.5, rate=1.0), real)
    assert (window.took_hold, window.error, window.target) == (True, None, "model")
    assert not all(reply.whole for reply in replies), replies
    assert Customer(real).ask().whole


def test_synthetic_customers_are_not_counted_and_leave_no_session(
    real: ProcessFleet,
) -> None:
    with connect(real.redis.url) as client:
        client.flushall()
        before = {name: n["requests"] for name, n in real.balancer.counters().items()}
        with SyntheticUsers([each.port for each in real.replicas.values()], "shopmax") as synthetic:
            wait_for(lambda: synthetic.asked >= 8, 20, "some questions")
            assert client.keys("*:e:*shopmax/diya-synthetic*")
        wait_for(lambda: not client.keys("*diya-synthetic*"), 30, "the sessions to be gone")
        assert synthetic.trouble is None
        after = {name: n["requests"] for name, n in real.balancer.counters().items()}
    assert after == before, "they came by the balancer, where the run's customers are counted"


@pytest.mark.parametrize(
    "fault",
    [
        SlowModel(duration=0.1, factor=300),
        ModelErrors(duration=0.1, rate=0.1),
        ModelRateLimit(duration=0.1, rate=0.1),
        ModelCutStreams(duration=0.1, rate=0.1),
    ],
    ids=lambda fault: fault.kind,
)
def test_the_harness_asks_when_no_customer_does(real: ProcessFleet, fault: Fault) -> None:
    with connect(real.redis.url) as client:
        client.flushall()
        window = do(fault, real)
        assert (window.took_hold, window.error, window.target) == (True, None, "model")
        assert window.end - window.start < 30.0
        wait_for(lambda: not client.keys("*diya-synthetic*"), 30, "the sessions to be gone")
    assert Customer(real).ask().whole


def test_a_model_that_can_hardly_fail_did_not(
    real: ProcessFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "_HIT_TIMEOUT_S", 1.5)
    window = do(ModelErrors(duration=60.0, rate=1e-9), real)
    assert not window.took_hold
    found = re.fullmatch(
        r"model-errors hit no reply within 1\.5 s, of customers or of the (\d+) that were asked "
        r"for by the harness itself",
        str(window.error),
    )
    assert found, window.error
    assert int(found[1]) >= 4
