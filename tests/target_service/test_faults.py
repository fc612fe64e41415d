"""The behaviour of a replica when Redis fails, and when it is told to stop."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.target_service.conftest import StartReplica
from tests.target_service.processes import RedisServer, Replica, wait_until

Pair = tuple[Replica, Replica]


@contextlib.contextmanager
def killed(server: RedisServer) -> Iterator[None]:
    """The server is dead meanwhile, and started again on its append-only file."""
    server.kill()
    try:
        yield
    finally:
        server.start()


@pytest.mark.parametrize("fault", ["frozen", "killed"])
def test_without_redis_a_turn_is_refused_soon_and_runs_again_when_it_is_back(
    pair: Pair, user: str, bundled: RedisServer, fault: str
) -> None:
    a, b = pair
    a.create(user, "s")
    a.run(user, "s", "Where is ORD-58291?", "t1")
    outage = bundled.frozen() if fault == "frozen" else killed(bundled)
    with outage, ThreadPoolExecutor(4) as pool:
        start = time.monotonic()
        turn = pool.submit(a.run, user, "s", "When will it arrive?", "t2")
        others = [
            pool.submit(a.get, user, "s"),
            pool.submit(a.create, user, "new"),
            pool.submit(a.http.delete, f"/apps/shopmax/users/{user}/sessions/old"),
        ]
        ready = a.http.get("/readyz")
        refused = turn.result()
        took = time.monotonic() - start
    assert (refused.status_code, refused.headers["x-diya-outcome"]) == (503, "not-run")
    assert int(refused.headers["retry-after"]) >= 1
    assert took < 8.0, "it is two seconds' work on a machine of one's own"
    # These promise nothing: the session may have been created or deleted.
    for other in others:
        answer = other.result()
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "x-diya-outcome" not in answer.headers
    assert ready.status_code == 200
    wait_until(
        lambda: b.run(user, "s", "When will it arrive?", "t2").status_code == 200,
        20,
        "the turn runs once Redis is back",
    )
    events = b.get(user, "s").json()["events"]
    assert [event["customMetadata"]["turn_id"] for event in events] == ["t1"] * 4 + ["t2"] * 4


@pytest.mark.parametrize("fault", ["frozen", "killed"])
def test_a_turn_whose_write_is_not_confirmed_promises_nothing_and_can_be_repeated(
    slow_pair: Pair, user: str, bundled: RedisServer, fault: str
) -> None:
    a, b = slow_pair
    a.create(user, "s")
    lease = f"diya:l:{{shopmax/{user}}}/s"
    with ThreadPoolExecutor(1) as pool:
        turn = pool.submit(a.run, user, "s", "thanks", "t1")
        wait_until(lambda: bool(bundled.client.exists(lease)), 20, "the turn has begun")
        # Its event loop has come round: it has read that the lease is its own.
        assert a.http.get("/readyz").status_code == 200
        with bundled.frozen() if fault == "frozen" else killed(bundled):
            answer = turn.result()
    assert answer.status_code == 503
    assert "x-diya-outcome" not in answer.headers
    wait_until(lambda: b.run(user, "s", "thanks", "t1").status_code == 200, 20, "the repeat runs")
    assert [event["author"] for event in b.get(user, "s").json()["events"]] == ["user", "shopmax"]


def test_on_sigterm_a_replica_turns_unready_at_once_serves_on_and_ends_well(
    start_replica: StartReplica, user: str
) -> None:
    settings = {"DIYA_MODEL_TTFT_MS": "4500", "DIYA_DRAIN_S": "4.0"}
    with start_replica("leaving", **settings) as replica:
        replica.wait_ready()
        replica.create(user, "s")
        replica.create(user, "other")
        with ThreadPoolExecutor(2) as pool:
            before = pool.submit(replica.run, user, "s", "thanks", "t1")
            replica.process.send_signal(signal.SIGTERM)
            start = time.monotonic()
            wait_until(
                lambda: replica.http.get("/readyz").status_code == 503, 3.8, "readiness is gone"
            )
            during = pool.submit(replica.run, user, "other", "thanks", "t2")
            assert before.result().status_code == 200
            assert during.result().status_code == 200
            assert during.result().headers["connection"] == "close"
        assert time.monotonic() - start > 4.0  # longer than the drain: the turns were waited for
        assert replica.process.wait(30) == 0
        with pytest.raises(httpx.ConnectError):
            replica.http.get("/livez")
