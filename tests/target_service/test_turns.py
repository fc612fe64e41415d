"""Turns over real HTTP on two replicas: all or nothing, once, one after the other."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from reports import records
from tests.target_service.conftest import StartReplica
from tests.target_service.processes import RedisServer, Replica, body, wait_until

Pair = tuple[Replica, Replica]
Events = list[dict[str, Any]]


def history(replica: Replica, user: str, session: str = "s") -> Events:
    answer = replica.get(user, session)
    assert answer.status_code == 200, answer.text
    events: Events = answer.json()["events"]
    return events


def turn_ids(events: Events) -> list[str]:
    """The turns of a history in order, each once for every unbroken row of its events."""
    row: list[str] = []
    for event in events:
        turn = event["customMetadata"]["turn_id"]
        if not row or row[-1] != turn:
            row.append(turn)
    return row


def reply_text(events: Events) -> str:
    text: str = events[-1]["content"]["parts"][0]["text"]
    return text


def sse(answer: httpx.Response) -> Events:
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]


def test_every_response_names_its_replica(pair: Pair) -> None:
    for replica in pair:
        for path, status in (("/livez", 200), ("/readyz", 200), ("/nowhere", 404)):
            answer = replica.http.get(path)
            assert answer.status_code == status
            assert answer.headers["x-diya-replica"] == replica.name


def test_the_founding_story_goes_on_at_another_replica(pair: Pair, user: str) -> None:
    a, b = pair
    assert a.create(user, "s").status_code == 200
    first = a.run(user, "s", "Where is my order ORD-58291?", "t1")
    assert first.status_code == 200
    assert reply_text(first.json()).startswith("I can help you track order ORD-58291.")
    second = b.run(user, "s", "When will it arrive?", "t2")
    assert reply_text(second.json()).startswith(
        "Based on your order ORD-58291, the expected delivery is April 8th"
    )
    assert turn_ids(history(a, user)) == ["t1", "t2"]


def test_the_last_reply_bears_witness_to_all_the_customers_messages(pair: Pair, user: str) -> None:
    messages = ["Where is my order ORD-58291?", " When will it arrive? ", "धन्यवाद, thanks"]
    pair[0].create(user, "s")
    for number, message in enumerate(messages):
        answer = pair[number % 2].run(user, "s", message, f"t{number}").json()
        shown = [records.digest(each) for each in messages[: number + 1]]
        assert answer[-1]["customMetadata"]["diya_seen"] == [number + 1, records.chain(shown)]


def test_a_turn_repeated_at_the_other_replica_gets_the_same_answer_and_runs_once(
    pair: Pair, user: str
) -> None:
    a, b = pair
    a.create(user, "s")
    first = a.run(user, "s", "Where is my order ORD-58291?", "t1")
    before = history(a, user)
    for replica in (b, a):
        assert replica.run(user, "s", "Where is my order ORD-58291?", "t1").json() == first.json()
    assert history(b, user) == before


def test_an_old_turn_repeated_later_gets_its_own_answer(pair: Pair, user: str) -> None:
    a, b = pair
    a.create(user, "s")
    answers = {t: a.run(user, "s", f"Where is ORD-5829{t}?", t).json() for t in "123"}
    assert b.run(user, "s", "Where is ORD-58292?", "2").json() == answers["2"]
    assert turn_ids(history(a, user)) == ["1", "2", "3"]


def test_a_turn_repeated_as_a_stream_gets_the_same_events(pair: Pair, user: str) -> None:
    a, b = pair
    a.create(user, "s")
    wanted = {**body(user, "s", "Where is my order ORD-58291?", "t1"), "streaming": True}
    first = sse(a.http.post("/run_sse", json=wanted))
    complete = [event for event in first if not event.get("partial")]
    again = b.http.post("/run_sse", json=wanted)
    assert again.headers["content-type"].startswith("text/event-stream")
    assert sse(again) == complete
    assert b.run(user, "s", "Where is my order ORD-58291?", "t1").json() == complete


@pytest.mark.parametrize("metadata", [None, {}, {"turn_id": ""}, {"turn_id": None, "more": 1}])
def test_an_idempotency_key_names_the_turn_where_the_body_does_not(
    pair: Pair, user: str, metadata: dict[str, Any] | None
) -> None:
    a, b = pair
    a.create(user, "s")
    wanted = body(user, "s", "thanks", None)
    if metadata is not None:
        wanted["customMetadata"] = metadata
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = a.http.post("/run", json=wanted, headers=key)
    assert b.http.post("/run", json=wanted, headers=key).json() == first.json()
    events = history(a, user)
    assert turn_ids(events) == [key["Idempotency-Key"]]
    assert len(events) == 2
    assert events[0]["customMetadata"].get("more") == (metadata or {}).get("more")


def test_a_turn_id_that_is_a_number_is_known_again(pair: Pair, user: str) -> None:
    a, b = pair
    a.create(user, "s")
    wanted = {**body(user, "s", "thanks", None), "customMetadata": {"turn_id": 7}}
    first = a.http.post("/run", json=wanted)
    assert first.status_code == 200
    assert b.http.post("/run", json=wanted).json() == first.json()
    assert len(history(a, user)) == 2


def test_turns_without_an_id_are_all_run(pair: Pair, user: str) -> None:
    pair[0].create(user, "s")
    for replica in pair:
        assert replica.run(user, "s", "thanks", None).status_code == 200
    assert len(history(pair[0], user)) == 4


def test_turns_of_one_session_at_once_on_two_replicas_run_one_after_the_other(
    pair: Pair, user: str
) -> None:
    pair[0].create(user, "s")
    ids = [f"t{number}" for number in range(8)]

    def run(number: int) -> httpx.Response:
        return pair[number % 2].run(user, "s", "Where is ORD-58291?", ids[number])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(run, range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    events = history(pair[0], user)
    assert sorted(turn_ids(events)) == ids  # each in one unbroken row
    witnessed = [event["customMetadata"].get("diya_seen", [0])[0] for event in events]
    assert max(witnessed) == 8
    assert [seen for seen in witnessed if seen] == sorted(seen for seen in witnessed if seen)


def test_the_same_turn_at_once_on_two_replicas_runs_once(pair: Pair, user: str) -> None:
    pair[0].create(user, "s")

    def run(number: int) -> httpx.Response:
        return pair[number % 2].run(user, "s", "Where is ORD-58291?", "t1")

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(run, range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert len(history(pair[0], user)) == 4


def test_a_turn_slides_the_ttl_of_its_session(pair: Pair, user: str, bundled: RedisServer) -> None:
    pair[0].create(user, "s")
    meta = f"diya:m:{{shopmax/{user}}}/s"
    bundled.client.pexpire(meta, 20_000)
    pair[1].run(user, "s", "thanks", "t1")
    assert bundled.client.pttl(meta) > 50_000
    assert [key for key in bundled.client.scan_iter() if bundled.client.pttl(key) < 0] == []


def test_a_turn_of_an_unknown_session_is_404(pair: Pair, user: str) -> None:
    wanted = body(user, "nobody", "hello", "t1")
    for path in ("/run", "/run_sse"):
        assert pair[0].http.post(path, json=wanted).status_code == 404
    assert pair[0].get(user, "nobody").status_code == 404


def test_a_session_that_exists_is_409(pair: Pair, user: str) -> None:
    assert pair[0].create(user, "s").status_code == 200
    assert pair[1].create(user, "s").status_code == 409


def test_a_deleted_session_is_gone_on_every_replica(pair: Pair, user: str) -> None:
    a, b = pair
    a.create(user, "s")
    b.run(user, "s", "thanks", "t1")
    assert a.http.delete(f"/apps/shopmax/users/{user}/sessions/s").status_code == 200
    assert b.get(user, "s").status_code == 404
    assert b.run(user, "s", "thanks", "t2").status_code == 404


def test_a_body_that_is_too_large_is_413(pair: Pair, user: str) -> None:
    pair[0].create(user, "s")
    assert pair[0].run(user, "s", "x" * (1 << 20), "t1").status_code == 413
    assert history(pair[0], user) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff", b"{}", b'{"appName":"shopmax"}', b"[" * 100_000],
    ids=["empty", "cut", "list", "null", "no-utf8", "bare", "half", "deep"],
)
@pytest.mark.parametrize("path", ["/run", "/run_sse"])
def test_a_malformed_body_is_the_clients_fault(pair: Pair, path: str, content: bytes) -> None:
    answer = pair[0].http.post(path, content=content, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert answer.headers["x-diya-replica"] == "a"


def test_a_stream_shows_partials_early_and_its_last_event_only_after_the_write(
    slow_pair: Pair, user: str, bundled: RedisServer
) -> None:
    slow_pair[0].create(user, "s")
    stored_when: dict[str, int] = {}
    wanted = {**body(user, "s", "hello", "t1"), "streaming": True}
    with slow_pair[0].http.stream("POST", "/run_sse", json=wanted) as answer:
        for event in _events(answer):
            kind = "partial" if event.get("partial") else "final"
            if kind not in stored_when:
                stored_when[kind] = bundled.client.exists(f"diya:e:{{shopmax/{user}}}/s")
    assert stored_when == {"partial": 0, "final": 1}


@pytest.mark.parametrize("path", ["/run", "/run_sse"])
def test_a_turn_goes_on_when_its_client_hangs_up_and_its_repeat_finds_the_reply(
    slow_pair: Pair, user: str, path: str
) -> None:
    a, b = slow_pair
    a.create(user, "s")
    wanted = body(user, "s", "hello", "t1")
    with pytest.raises(httpx.ReadTimeout):
        a.http.post(path, json=wanted, timeout=0.2)
    # No second attempt was sent yet, so the first one stored this turn.
    wait_until(lambda: bool(history(b, user)), 20, "the turn is stored")
    stored = history(b, user)
    assert [event["author"] for event in stored] == ["user", "shopmax"]
    again = b.http.post(path, json=wanted)
    assert again.status_code == 200
    told = again.json() if path == "/run" else sse(again)
    assert [event["id"] for event in told] == [event["id"] for event in stored[1:]]
    assert history(a, user) == stored


def test_an_app_that_is_less_patient_than_the_model_is_slow_gets_its_answer(
    slow_pair: Pair, user: str
) -> None:
    a, b = slow_pair
    a.create(user, "s")
    answers: list[httpx.Response] = []

    def answered() -> bool:
        for replica in (b, a):
            try:
                answers.append(
                    replica.http.post("/run", json=body(user, "s", "hello", "t1"), timeout=0.2)
                )
            except httpx.ReadTimeout:
                continue
            if answers[-1].status_code == 200:
                return True
        return False

    wait_until(answered, 20, "an attempt of 0.2 s is answered")
    assert [event["author"] for event in history(a, user)] == ["user", "shopmax"]


@pytest.mark.parametrize("path", ["/run", "/run_sse"])
def test_a_turn_without_an_id_ends_with_its_client_and_frees_the_session(
    slow_pair: Pair, user: str, bundled: RedisServer, path: str
) -> None:
    a, b = slow_pair
    a.create(user, "s")
    with pytest.raises(httpx.ReadTimeout):
        a.http.post(path, json=body(user, "s", "hello", None), timeout=0.2)
    # At once, not after the lease: it is given back.
    again = b.run(user, "s", "hello", "t2")
    if again.status_code == 409:
        assert again.headers["x-diya-outcome"] == "not-run"
        again = b.run(user, "s", "hello", "t2")
    assert again.status_code == 200
    assert turn_ids(history(a, user)) == ["t2"]


def test_a_turn_that_waits_too_long_is_refused_as_not_run(
    slow_pair: Pair, user: str, bundled: RedisServer
) -> None:
    a, b = slow_pair
    a.create(user, "s")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(a.run, user, "s", "Where is ORD-58291?", "t1")
        wait_for_lease(bundled, user)
        second = b.run(user, "s", "thanks", "t2")
        assert second.status_code == 409
        assert second.headers["x-diya-outcome"] == "not-run"
        assert int(second.headers["retry-after"]) >= 1
        assert second.headers["x-diya-replica"] == "t"
        assert first.result().status_code == 200
    assert turn_ids(history(b, user)) == ["t1"]


def test_a_replica_killed_in_mid_turn_leaves_nothing_and_another_takes_over(
    slow_pair: Pair, user: str, start_replica: StartReplica, bundled: RedisServer
) -> None:
    other = slow_pair[0]
    with start_replica("victim", DIYA_MODEL_TTFT_MS="20000", DIYA_LEASE_MS="1000") as victim:
        victim.wait_ready()
        other.create(user, "s")
        with ThreadPoolExecutor(1) as pool:
            cut = pool.submit(victim.run, user, "s", "Where is ORD-58291?", "t1")
            wait_for_lease(bundled, user)
            victim.process.kill()
            with pytest.raises(httpx.TransportError):
                cut.result()
    assert history(other, user) == []
    answers: list[httpx.Response] = []

    def taken_over() -> bool:
        answers.append(other.run(user, "s", "Where is ORD-58291?", "t1"))
        return answers[-1].status_code == 200

    wait_until(taken_over, 20, "the repeat succeeds after the lease")
    assert {answer.status_code for answer in answers[:-1]} <= {409}
    assert turn_ids(history(other, user)) == ["t1"]
    assert len(history(other, user)) == 4


def wait_for_lease(server: RedisServer, user: str) -> None:
    """Until a turn of this session is running: a second one would have to wait."""
    lease = f"diya:l:{{shopmax/{user}}}/s"
    wait_until(lambda: bool(server.client.exists(lease)), 20, "the turn has begun")


def _events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in answer.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line[6:])
