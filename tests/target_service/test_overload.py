"""Too much at once: more turns than a replica can run, and everybody back after an outage."""

from __future__ import annotations

import asyncio
import random
import time
import uuid

import pytest

from tests.target_service.conftest import StartReplica
from tests.target_service.customers import Attempt, Crowd, percentile
from tests.target_service.processes import RedisServer, Replica

pytestmark = pytest.mark.slow

AT_ONCE = 8
"""The replica's bound on turns in flight."""
OVERLOAD = 4
SECONDS = 2.0

CROWD = 200
"""The most connections of one replica to one Redis, as the session service states."""


async def sessions(crowd: Crowd, users: list[str]) -> None:
    """A session for each, a few at a time."""
    for start in range(0, len(users), 20):
        await asyncio.gather(*(crowd.create(user, "s") for user in users[start : start + 20]))
    assert all(attempt.ok for attempt in crowd.attempts)
    crowd.attempts.clear()


async def alone(crowd: Crowd, users: list[str]) -> float:
    """How long a turn takes when there is room for all: 95 of 100 are no longer."""
    for turn in ("w1", "w2", "w3"):
        await asyncio.gather(*(crowd.turn(user, "s", "thanks", turn) for user in users))
    assert all(attempt.ok for attempt in crowd.attempts)
    usual = percentile([attempt.took for attempt in crowd.attempts], 0.95)
    crowd.attempts.clear()
    return usual


async def pressed(crowd: Crowd, users: list[str], per_second: float) -> None:
    """Each customer sends one turn at its own due time, and does not wait for the others."""
    start = time.monotonic()
    turns = []
    for number, user in enumerate(users):
        await asyncio.sleep(start + number / per_second - time.monotonic())
        turns.append(asyncio.create_task(crowd.turn(user, "s", "thanks", "t1")))
    await asyncio.gather(*turns)


def test_under_four_times_its_load_a_replica_stays_quick_and_refuses_the_rest(
    start_replica: StartReplica,
) -> None:
    settings = {"DIYA_MAX_TURNS_IN_FLIGHT": str(AT_ONCE), "DIYA_MODEL_TTFT_MS": "400"}

    async def play(url: str) -> tuple[float, int, list[Attempt]]:
        async with Crowd(url) as crowd:
            again = uuid.uuid4().hex[:8]
            first = [f"early-{again}-{number}" for number in range(AT_ONCE)]
            await sessions(crowd, first)
            usual = await alone(crowd, first)
            capacity = AT_ONCE / usual
            count = round(OVERLOAD * capacity * SECONDS)
            users = [f"late-{again}-{number}" for number in range(count)]
            await sessions(crowd, users)
            await pressed(crowd, users, OVERLOAD * capacity)
            return usual, round(capacity * SECONDS), crowd.attempts

    with start_replica("pressed", **settings) as replica:
        replica.wait_ready()
        usual, could, attempts = asyncio.run(play(str(replica.http.base_url)))
    served = [attempt.took for attempt in attempts if attempt.ok]
    refused = [attempt for attempt in attempts if not attempt.ok]
    assert served
    assert refused
    print(
        f"\n{len(attempts)} turns at {OVERLOAD} times the load: {len(served)} served, p95 "
        f"{percentile(served, 0.95):.2f} s (alone {usual:.2f} s), {len(refused)} refused, p95 "
        f"{percentile([attempt.took for attempt in refused], 0.95):.3f} s"
    )
    assert len(served) > 0.6 * could
    # A queue without end would have made most of them wait for seconds.
    assert percentile(served, 0.5) < 2 * usual + 0.5
    assert percentile(served, 0.95) < 4 * usual + 1.0
    assert {attempt.status for attempt in refused} == {503}
    assert {attempt.headers["x-diya-outcome"] for attempt in refused} == {"not-run"}
    assert all(int(attempt.headers["retry-after"]) >= 1 for attempt in refused)
    assert percentile([attempt.took for attempt in refused], 0.95) < 0.5 * usual


async def until_done(crowd: Crowd, user: str, many_failed: asyncio.Event) -> None:
    """One turn, repeated until it is acknowledged; the event is set when a quarter had failed."""
    attempt = await crowd.turn(user, "s", "thanks", "t1")
    while not attempt.ok:
        if sum(not each.ok for each in crowd.attempts) > CROWD / 4:
            many_failed.set()
        await asyncio.sleep(random.uniform(0.2, 0.6))
        attempt = await crowd.turn(user, "s", "thanks", "t1")


def written_at_once(server: RedisServer) -> None:
    """Let the server write without waiting for the disk; a kill then loses nothing.

    With `everysec` it puts writes off while the disk is busy: a kill loses turns that it
    acknowledged, and a slow disk holds up everybody, neither of which this is about.
    """
    server.client.config_set("appendfsync", "no")


def test_two_hundred_turns_at_once_come_back_to_a_restarted_redis_without_a_stampede(
    start_replica: StartReplica, bundled: RedisServer
) -> None:
    settings = {"DIYA_MAX_TURNS_IN_FLIGHT": str(CROWD), "DIYA_MODEL_TTFT_MS": "1500"}

    async def play(replica: Replica) -> tuple[float, int, list[Attempt], list[list[str]]]:
        async with Crowd(str(replica.http.base_url)) as crowd:
            storm = uuid.uuid4().hex[:8]
            users = [f"storm-{storm}-{number}" for number in range(CROWD)]
            written_at_once(bundled)
            await sessions(crowd, users)
            many = asyncio.Event()
            turns = [asyncio.create_task(until_done(crowd, user, many)) for user in users]
            await asyncio.wait(turns, return_when=asyncio.FIRST_COMPLETED)  # the others are on it
            bundled.kill()
            await asyncio.wait_for(many.wait(), 20)
            await asyncio.to_thread(bundled.start)
            back = time.monotonic()
            written_at_once(bundled)
            await asyncio.wait_for(asyncio.gather(*turns), 40)
            opened = bundled.client.info("stats")["total_connections_received"]
            stored = await asyncio.gather(*(crowd.turn_ids(user, "s") for user in users))
        return back, opened, crowd.attempts, stored

    with start_replica("stormed", **settings) as replica:
        replica.wait_ready()
        back, opened, attempts, stored = asyncio.run(play(replica))
    failed = [attempt for attempt in attempts if not attempt.ok]
    last = max(attempt.began for attempt in failed if attempt.status == 503) - back
    print(
        f"\n{CROWD} turns: {len(failed)} attempts failed, the last began {last:.2f} s after Redis "
        f"was back; it saw {opened} new connections"
    )
    # 409: Redis died under its first attempt, whose lease it still keeps when it is back.
    assert 503 in {attempt.status for attempt in failed} <= {409, 503}
    assert all(attempt.headers["retry-after"] for attempt in failed)
    # A second where the machine is ours alone; two hundred turns at once make it busy.
    assert last < 5.0
    # A few more than the pool holds: on a busy machine some give up on an answer and connect
    # again.  A stampede would be one for each attempt.
    assert opened < len(attempts) / 3
    assert stored == [["t1"]] * CROWD
