"""How a replica treats its callers: authorisation, limits, and error messages."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from target_service import RedisSessionService
from target_service.server.middleware import Health, Signature
from target_service.settings import SettingsError, from_environment
from target_service.turns.counts import Counts, Result
from target_service.turns.guard import TurnGuard
from tests.target_service.conftest import StartReplica
from tests.target_service.processes import RedisServer, Replica, body, wait_until

Pair = tuple[Replica, Replica]
TOKEN = "a-token_of.ours~42=="
LIMIT = 4000


@pytest.fixture(scope="module")
def guarded(start_replica: StartReplica) -> Replica:
    """A replica with a token, a small limit and a default app; its client shows the token."""
    replica = start_replica(
        "guarded",
        DIYA_TOKEN=TOKEN,
        DIYA_MAX_BODY_BYTES=str(LIMIT),
        ADK_DEFAULT_APP_NAME="shopmax",
        DIYA_MODEL_TTFT_MS="5",
    )
    replica.wait_ready()
    replica.http.headers["Authorization"] = f"Bearer {TOKEN}"
    return replica


def metric(replica: Replica, name: str) -> float:
    for line in replica.http.get("/metrics").text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    raise AssertionError(f"no metric {name}")


@pytest.mark.parametrize(
    "shown",
    [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"],
)
def test_a_request_without_the_token_is_refused(guarded: Replica, shown: str | None) -> None:
    headers = {} if shown is None else {"Authorization": shown}
    url = str(guarded.http.base_url)
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as stranger:
        for method, path in [
            ("POST", "/run"),
            ("POST", "/run_sse"),
            ("POST", "/apps/shopmax/users/u/sessions"),
            ("GET", "/apps/shopmax/users/u/sessions/s"),
            ("GET", "/metrics"),
            ("GET", "/openapi.json"),
            ("GET", "/livez/"),
            ("GET", "/nowhere"),
        ]:
            answer = stranger.request(method, path)
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.headers["x-diya-replica"] == "guarded"
        for path in ("/livez", "/readyz"):
            assert stranger.get(path).status_code == 200


def test_without_the_token_no_websocket_is_opened(guarded: Replica) -> None:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Authorization": "Bearer wrong",
    }
    path = "/run_live?app_name=shopmax&user_id=u&session_id=s"
    assert guarded.http.get(path, headers=headers).status_code == 403


def test_requests_with_the_token_are_served_normally(guarded: Replica, user: str) -> None:
    assert guarded.create(user, "s").status_code == 200
    assert guarded.run(user, "s", "thanks", "t1").status_code == 200
    lower = {"Authorization": f"bearer  {TOKEN}"}
    assert guarded.http.get("/list-apps", headers=lower).status_code == 200


@pytest.mark.parametrize("token", ["", " ", "two words", "naïve", "line\n"])
def test_an_impossible_token_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(SettingsError, match="DIYA_TOKEN") as refused:
        from_environment({"DIYA_TOKEN": token})
    assert not token.strip() or token.strip() not in str(refused.value)


def test_printed_settings_hold_no_secret() -> None:
    settings = from_environment({"DIYA_TOKEN": "s3cret", "DIYA_REDIS_URL": "redis://:s3cret@h"})
    assert "s3cret" not in repr(settings)
    assert settings.token == "s3cret"


def test_a_replica_without_a_name_goes_by_its_hosts() -> None:
    # A container's id, a pod's name: of twelve that are made alike, each has another.
    assert from_environment({}).replica == platform.node()
    assert from_environment({"DIYA_REPLICA": "r07"}).replica == "r07"


@pytest.mark.parametrize("streamed", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/run"),
        ("POST", "/run_sse"),
        ("POST", "/apps/shopmax/users/u/sessions"),
        ("PATCH", "/apps/shopmax/users/u/sessions/s"),
    ],
)
def test_a_body_over_the_limit_is_refused_on_every_route(
    guarded: Replica, method: str, path: str, streamed: bool
) -> None:
    def parts() -> Iterator[bytes]:
        yield from [b'{"state": "' + b"x" * (LIMIT // 4)] * 5

    content: Any = parts() if streamed else b"x" * (LIMIT + 1)
    answer = guarded.http.request(
        method, path, content=content, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413
    assert str(LIMIT) in answer.json()["detail"]


def test_a_chunked_body_within_the_limit_is_as_good_as_any(guarded: Replica, user: str) -> None:
    def parts() -> Iterator[bytes]:
        yield from [b'{"sessionId"', b': "chunked"}']

    path = f"/apps/shopmax/users/{user}/sessions"
    json_type = {"content-type": "application/json"}
    assert guarded.http.post(path, content=parts(), headers=json_type).status_code == 200
    assert guarded.get(user, "chunked").status_code == 200


@pytest.mark.parametrize("named", [{}, {"appName": None}, {"appName": None, "app_name": "other"}])
def test_a_turn_of_the_default_app_runs_once_too(
    guarded: Replica, user: str, named: dict[str, Any]
) -> None:
    guarded.create(user, "s")
    wanted = body(user, "s", "thanks", "t1")
    del wanted["appName"]
    wanted |= named
    first = guarded.http.post("/run", json=wanted)
    assert first.status_code == 200
    assert guarded.http.post("/run", json=wanted).json() == first.json()
    assert len(guarded.get(user, "s").json()["events"]) == 2


@pytest.mark.parametrize("path", ["/run", "/run_sse"])
def test_a_turn_id_with_another_message_is_refused(pair: Pair, user: str, path: str) -> None:
    a, b = pair
    a.create(user, "s")
    a.run(user, "s", "Where is my order ORD-58291?", "t1")
    a.run(user, "s", "thanks", "t2")
    before = b.get(user, "s").json()["events"]
    other = b.http.post(path, json=body(user, "s", "Cancel ORD-58291", "t1"))
    assert other.status_code == 422
    assert other.headers["x-diya-outcome"] == "not-run"
    assert "'t1'" in other.json()["detail"]
    assert "retry-after" not in other.headers
    assert b.get(user, "s").json()["events"] == before
    # The lease was given back, and the right message still gets its answer.
    again = b.http.post(path, json=body(user, "s", "Where is my order ORD-58291?", "t1"))
    assert again.status_code == 200


def test_the_metrics_count_the_results_of_turns(pair: Pair, user: str) -> None:
    a, _ = pair
    names = {
        "ok": 'diya_turns_total{result="ok"}',
        "repeated": 'diya_turns_total{result="repeated"}',
        "reused": 'diya_turns_total{result="reused"}',
        "rejected": 'diya_turns_total{result="rejected"}',
        "hits": "diya_session_cache_hits_total",
    }
    before = {key: metric(a, name) for key, name in names.items()}
    a.create(user, "s")
    a.run(user, "s", "thanks", "t1")
    a.run(user, "s", "thanks", "t2")
    a.run(user, "s", "thanks", "t2")
    a.run(user, "s", "hello", "t2")
    a.run(user, "nobody", "hello", "t1")
    a.http.post("/run", json={})
    grown = {key: metric(a, name) - before[key] for key, name in names.items()}
    assert grown == {"ok": 2, "repeated": 1, "reused": 1, "rejected": 2, "hits": grown["hits"]}
    assert grown["hits"] >= 2
    assert metric(a, "diya_session_cache_entries") >= 1
    assert metric(a, "diya_session_cache_bytes") > 0


@pytest.mark.parametrize(("turn_id", "result"), [("t1", "ok"), (None, "failed")])
def test_the_metrics_count_turns_that_run_now_and_how_they_ended_without_their_client(
    slow_pair: Pair, user: str, turn_id: str | None, result: str
) -> None:
    a = slow_pair[0]
    a.create(user, "s")
    assert metric(a, "diya_turns_in_flight") == 0
    before = metric(a, f'diya_turns_total{{result="{result}"}}')
    with pytest.raises(httpx.ReadTimeout):
        a.http.post("/run", json=body(user, "s", "hello", turn_id), timeout=0.3)
    # Counted first: on a busy machine the turn may begin after its client has left.
    wait_until(
        lambda: metric(a, f'diya_turns_total{{result="{result}"}}') == before + 1,
        20,
        f"the turn is counted as {result}",
    )
    wait_until(lambda: metric(a, "diya_turns_in_flight") == 0, 20, "no turn runs")


def test_the_metrics_show_the_loop_s_lag_and_the_model_s_time(pair: Pair, user: str) -> None:
    a, _ = pair
    names = ("diya_model_calls_total", "diya_model_seconds_total")
    before = [metric(a, name) for name in names]
    a.create(user, "s")
    a.run(user, "s", "thanks", "t1")
    calls, seconds = (metric(a, name) - was for name, was in zip(names, before, strict=True))
    assert calls >= 1
    assert seconds > 0
    assert metric(a, "diya_event_loop_lag_seconds") >= 0


def test_the_metrics_are_in_the_form_that_prometheus_reads(pair: Pair) -> None:
    answer = pair[0].http.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = list(text_string_to_metric_families(answer.text))
    kinds = {family.name: family.type for family in families}
    assert kinds == {
        "diya_turns_in_flight": "gauge",
        "diya_turns_in_flight_limit": "gauge",
        "diya_turns": "counter",
        "diya_session_cache_hits": "counter",
        "diya_session_cache_misses": "counter",
        "diya_session_cache_entries": "gauge",
        "diya_session_cache_bytes": "gauge",
        "diya_event_loop_lag_seconds": "gauge",
        "diya_model_calls": "counter",
        "diya_model_seconds": "counter",
    }
    for family in families:
        wanted = family.name + ("_total" if family.type == "counter" else "")
        labels = {"result"} if wanted == "diya_turns_total" else set()
        assert family.documentation
        assert {each.name for each in family.samples} == {wanted}
        assert all(set(each.labels) == labels for each in family.samples)
    (turns,) = (family for family in families if family.name == "diya_turns")
    assert {each.labels["result"] for each in turns.samples} == set(Result)


def test_a_replica_that_drains_asks_its_clients_to_go(user: str) -> None:
    health = Health()

    async def answers() -> list[str | None]:
        app = Signature(JSONResponse({}), name="r", health=health)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://r") as client:
            before = await client.get("/")
            health.ready = False
            after = await client.get("/")
        return [answer.headers.get("connection") for answer in (before, after)]

    assert asyncio.run(answers()) == [None, "close"]


def test_a_redis_that_freezes_while_a_turn_waits_for_another_is_not_waited_for(
    bundled: RedisServer,
) -> None:
    async def second_turn() -> tuple[httpx.Response, float]:
        service = RedisSessionService(bundled.uri, ttl_seconds=60)
        free, begun = asyncio.Event(), asyncio.Event()

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            begun.set()
            await free.wait()
            await JSONResponse([])(scope, receive, send)

        guard = TurnGuard(
            slow,
            sessions=service,
            counts=Counts(64),
            lease_ms=30_000,
            busy_wait_s=2.0,
            max_in_flight=9,
            default_app=None,
        )
        bundled.client.flushall()
        await service.create_session(app_name="shopmax", user_id="u", session_id="s")
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://guard") as client:
            first = asyncio.create_task(client.post("/run", json=body("u", "s", "one", "t1")))
            await begun.wait()
            start = time.monotonic()
            waiting = asyncio.create_task(client.post("/run", json=body("u", "s", "two", "t2")))
            await asyncio.sleep(1.0)  # half of its patience: it has asked many times
            assert not waiting.done()
            with bundled.frozen():
                answer = await waiting
                took = time.monotonic() - start
            free.set()
            assert (await first).status_code == 200
        await service.close()
        return answer, took

    answer, took = asyncio.run(second_turn())
    assert answer.status_code in (409, 503)  # it is known to be busy, or Redis known to be silent
    assert answer.headers["x-diya-outcome"] == "not-run"
    assert int(answer.headers["retry-after"]) >= 1
    assert took < 3.8
