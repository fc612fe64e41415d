"""A token that a server repeats in an error is in no record, at whichever door."""

from __future__ import annotations

import json

import pytest

from loadtests.adk.access import Access, FixedToken
from loadtests.adk.client import Client
from loadtests.doors.opener import opener
from reports.records import RunClock
from tests.loadtests.doors.talks import plan
from tests.loadtests.scripted_server import reply, serving

pytestmark = pytest.mark.service

TOKEN = "very-secret-token"


@pytest.mark.parametrize("padding", ["", "x" * 170, "x" * 175])
@pytest.mark.parametrize("door", ["adk", "agent-engine", "a2a"])
def test_an_error_in_an_answer_with_200_tells_no_token(door: str, padding: str) -> None:
    said = f"bad credential {padding}{TOKEN}"
    if door == "a2a":
        body = {"jsonrpc": "2.0", "id": "1", "error": {"code": -32000, "message": said}}
        step = reply(200, json.dumps(body).encode())
    else:
        line = json.dumps({"error": said}).encode()
        step = reply(200, b"data: " + line + b"\n\n" if door == "adk" else line + b"\n")
    told: list[str | None] = []
    with serving(*[step] * 4) as server:
        client = Client(server.url, connections=1, access=Access(token=FixedToken(TOKEN)))
        way = opener(door, server.url, client, "agent", RunClock(0.0))
        service = way(lambda name, seconds, size, error: told.append(error))
        attempt = service.run_turn(plan("plain", streaming=door != "a2a"), "hi", "t-1", 5.0)
        client.close()
    errors = [attempt.error or "", *(each or "" for each in told)]
    assert any("bad credential" in each for each in errors)
    assert not any(TOKEN[:8] in each for each in errors), errors


def test_without_a_secret_a_door_is_as_it_was() -> None:
    with serving() as server:
        client = Client(server.url, connections=1)
        made = opener("adk", server.url, client, "agent", RunClock(0.0))(lambda *_: None)
        assert type(made).__name__ == "Service"
        client.close()


@pytest.mark.parametrize(
    ("error", "left"),
    [
        ("refused tenant-7f.signature", "refused ..."),
        ("refused tenant-7f.sign", "refused ..."),
        ("refused tenant-7", "refused ..."),
        ("refused tenant", "refused tenant"),
    ],
)
def test_a_value_that_was_cut_off_is_hidden_too(error: str, left: str) -> None:
    access = Access(headers={"x-tenant": "tenant-7f.signature"})
    assert access.hidden(error) == left
