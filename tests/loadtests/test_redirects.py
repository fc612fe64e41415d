"""Redirects are followed within the target's own address, and load never reaches another one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest

from loadtests.adk.client import Client
from loadtests.adk.redirects import followed, refusal
from loadtests.adk.service import Service
from loadtests.adk.target import address
from loadtests.arrivals.conversation import ConversationPlan
from reports.records import Outcome, RunClock
from tests.loadtests.scripted_server import (
    agent_reply,
    reply,
    serving,
    stream,
    text_event,
)

WHOLE = text_event("On its way.")
BASE = address("https://shop.example/api")


Connect = Callable[[str], Service]


@pytest.fixture
def service() -> Iterator[Connect]:
    clients: list[Client] = []

    def connect(url: str) -> Service:
        clients.append(Client(url, connections=1))
        return Service(clients[-1], "shopmax", RunClock(0.0), lambda *_: None)

    yield connect
    for client in clients:
        client.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_within_the_address_is_followed_with_the_same_request(
    status: int, plan: ConversationPlan, service: Connect
) -> None:
    with serving(reply(status, Location="/v2/run"), agent_reply(WHOLE)) as server:
        attempt = service(server.url).run_turn(plan, "Hello", "c0t0", 10.0)
        first, second = server.requests
    assert attempt.outcome is Outcome.OK
    assert (first.path, second.path) == ("/run", "/v2/run")
    assert (second.method, second.body) == ("POST", first.body)


def test_a_stream_behind_a_redirect_is_read(plan: ConversationPlan, service: Connect) -> None:
    with serving(reply(307, Location="run_sse/"), stream(WHOLE)) as server:
        plan = dataclasses.replace(plan, streaming=True)
        attempt = service(server.url).run_turn(plan, "Hello", "c0t0", 10.0)
    assert attempt.outcome is Outcome.OK
    assert attempt.reply is not None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_address_reaches_nobody_and_is_named(
    status: int, plan: ConversationPlan, service: Connect
) -> None:
    with serving(reply(200, b"{}")) as other:
        there = f"{other.url}/base/apps/shopmax/users/{plan.user}/sessions"
        with serving(reply(status, Location=there)) as server:
            attempt = service(server.url).open_session(plan, 10.0, maybe_open=False)
            assert len(server.requests) == 1
        assert other.connections == 0
    assert (attempt.outcome, attempt.retry) == (Outcome.FAIL, False)
    assert attempt.error == (
        f"HTTP {status}: it redirects to another address, not followed; "
        f"give --target {other.url}/base if you may"
    )


def test_a_redirect_without_end_is_no_answer(plan: ConversationPlan, service: Connect) -> None:
    with serving(reply(302, Location="/again")) as server:
        attempt = service(server.url).read_session(plan, 10.0)
        assert len(server.requests) == 4
    assert attempt.outcome is Outcome.FAIL
    assert "again and again" in str(attempt.error)


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/v2/run", "/v2/run"),
        ("run/", "/api/run/"),
        ("https://shop.example/x?y=1", "/x?y=1"),
        ("https://shop.example:443/x", "/x"),
        ("//shop.example/x", "/x"),
        ("https://SHOP.example/x", "/x"),
        ("http://shop.example/x", None),
        ("https://shop.example:8443/x", None),
        ("https://shop.example.evil/x", None),
        ("https://shop.example@evil.example/x", None),
        ("//evil.example/x", None),
        ("https://[::1/x", None),
        ("https://shop.example:99999/x", None),
        ("/x\r\nHost: evil.example", None),
        ("/x y", None),
    ],
)
def test_only_the_same_scheme_host_and_port_are_the_same_address(
    location: str, path: str | None
) -> None:
    assert followed(BASE, "/api/run", 307, location) == path


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("https://new.example/v1/run", "give --target https://new.example/v1 if you may"),
        ("http://shop.example/api/run", "give --target http://shop.example/api if you may"),
        ("https://u:secret@new.example/run?key=secret", "give --target https://new.example if"),
        ("https://login.example/oauth?next=secret", "https://login.example/oauth, another"),
        ("https://[::1/x", "which is no address"),
    ],
)
def test_the_sentence_names_the_address_to_give_and_no_secret(location: str, said: str) -> None:
    told = refusal(BASE, "/api/run", location)
    assert said in told
    assert "secret" not in told
