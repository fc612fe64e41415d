"""The services that are wrong on purpose are wrong in the way they say, and only in that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.target_service.conftest import StartReplica
from tests.target_service.processes import RedisServer, Replica, wait_until


@pytest.fixture(scope="module")
def defective(start_replica: StartReplica) -> dict[str, Replica]:
    """A replica with each defective service."""
    slow = {"DIYA_MODEL_TTFT_MS": "300"}
    replicas = {
        name: start_replica(name, DIYA_SESSIONS=f"tests.defects.{name}:factory", **slow)
        for name in ("no_ttl", "no_guard")
    }
    for replica in replicas.values():
        replica.wait_ready()
    return replicas


@pytest.mark.slow
def test_without_a_ttl_no_key_of_a_session_expires_and_turns_are_still_sound(
    defective: dict[str, Replica], user: str, bundled: RedisServer
) -> None:
    replica = defective["no_ttl"]
    bundled.client.flushall()
    replica.create(user, "s")
    keys = (f"diya:m:{{shopmax/{user}}}/s", f"diya:i:{{shopmax/{user}}}", "diya:x:{shopmax/}")
    assert [bundled.client.pttl(key) for key in keys] == [-1, -1, -1]
    first = replica.run(user, "s", "Where is ORD-58291?", "t1")
    assert first.status_code == 200
    assert {bundled.client.pttl(key) for key in bundled.client.scan_iter()} == {-1}
    assert replica.run(user, "s", "Where is ORD-58291?", "t1").json() == first.json()
    assert len(replica.get(user, "s").json()["events"]) == 4


def test_without_a_guard_a_repeated_turn_runs_twice(
    defective: dict[str, Replica], user: str
) -> None:
    replica = defective["no_guard"]
    replica.create(user, "s")
    for _ in range(2):
        assert replica.run(user, "s", "thanks", "t1").status_code == 200
    assert len(replica.get(user, "s").json()["events"]) == 4


def test_without_a_guard_a_turn_can_be_seen_half_done(
    defective: dict[str, Replica], user: str
) -> None:
    replica = defective["no_guard"]
    replica.create(user, "s")
    with ThreadPoolExecutor(1) as pool:
        turn = pool.submit(replica.run, user, "s", "thanks", "t1")
        wait_until(lambda: authors(replica.get(user, "s")) == ["user"], 20, "a half-turn is seen")
        assert turn.result().status_code == 200
    assert authors(replica.get(user, "s")) == ["user", "shopmax"]


@pytest.mark.slow
def test_over_a_long_history_each_turn_costs_more_and_the_event_loop_is_late(
    start_replica: StartReplica, user: str
) -> None:
    replica = start_replica(
        "dear_history", DIYA_SESSIONS="tests.defects.dear_history:factory", DIYA_MODEL_TTFT_MS="5"
    )
    replica.wait_ready()
    process = psutil.Process(replica.process.pid)

    def cost(turns: range) -> float:
        before = process.cpu_times()
        for number in turns:
            assert replica.run(user, "s", "thanks", f"t{number}").status_code == 200
        after = process.cpu_times()
        return (after.user + after.system - before.user - before.system) / len(turns)

    replica.create(user, "s")
    cost(range(1))  # the first turn of a replica is dear by itself
    early, late = cost(range(1, 4)), cost(range(4, 10))
    # Two events a turn and more: 0.1 s for the second, at least 0.5 s on average for these.
    assert late > 1.5 * early
    assert metric(replica, "diya_event_loop_lag_seconds") > 0.3


def metric(replica: Replica, name: str) -> float:
    lines = replica.http.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def authors(answer: httpx.Response) -> list[str]:
    return [event["author"] for event in answer.json()["events"]]
