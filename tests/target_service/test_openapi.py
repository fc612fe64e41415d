"""No input makes the service answer 5xx: generated from its OpenAPI, and picked by hand.

`DIYA_OPENAPI_EXAMPLES` is the number of generated requests per operation and mode.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from target_service.server.wellformed import MAX_DEPTH, complaint
from tests.target_service.processes import Replica, body

EXAMPLES = int(os.environ.get("DIYA_OPENAPI_EXAMPLES", "10"))

EXCLUDED = {
    "POST /agent-identity/finalize": "500 on every input, unless google-adk[agent-identity], "
    "which this service does not use, is installed",
}
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
Pair = tuple[Replica, Replica]


@pytest.fixture
def replica(pair: Pair, user: str) -> Replica:
    """A replica that holds session `s` of the user, and an artifact `f` in it."""
    made = pair[0]
    made.create(user, "s").raise_for_status()
    artifact = {"filename": "f", "artifact": {"text": "x"}}
    made.http.post(f"{session_path(user)}/artifacts", json=artifact).raise_for_status()
    return made


def session_path(user: str) -> str:
    return f"/apps/shopmax/users/{user}/sessions/s"


def steer(case: Any, known: dict[str, str], made_up: set[str]) -> None:
    """Use names that exist, so that a request gets past the 404; leave `made_up` names alone."""
    for name in known.keys() - made_up:
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = known[name]
        if isinstance(case.body, dict) and name in case.body:
            case.body[name] = known[name]


def send(replica: Replica, request: Callable[[], Any]) -> int:
    """The status, asked for again when a kept connection was closed; the replica must live."""
    for _ in range(2):
        try:
            return int(request().status_code)
        except (httpx.TransportError, OSError):
            assert replica.process.poll() is None, "the replica died"
    return int(request().status_code)


def play(replica: Replica, operation: Any, mode: GenerationMode, known: dict[str, str]) -> str:
    """Play generated requests of one operation: a request that was answered with 5xx, or none."""
    base = str(replica.http.base_url)
    failed = ""

    @BOUNDED
    @given(operation.as_strategy(generation_mode=mode), st.sets(st.sampled_from([*known])))
    def once(case: Any, made_up: set[str]) -> None:
        nonlocal failed
        steer(case, known, made_up)
        status = send(replica, lambda: case.call(base_url=base))
        if status >= 500:
            failed = f"{operation.label}: {status} for {case.as_curl_command()}"

    once()
    return failed


def modes(operation: Any) -> list[GenerationMode]:
    """Good requests, and bad ones where there can be any: every path is a good one."""
    can_be_bad = operation.body or operation.query
    return [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if can_be_bad else [])]


@pytest.mark.slow
def test_no_generated_request_is_answered_with_5xx(replica: Replica, user: str) -> None:
    known = {
        "app_name": "shopmax",
        "user_id": user,
        "session_id": "s",
        "artifact_name": "f",
        "version_id": "0",
        "appName": "shopmax",
        "userId": user,
        "sessionId": "s",
    }
    schema = schemathesis.openapi.from_url(f"{replica.http.base_url}/openapi.json")
    operations = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    assert {"POST /run", "POST /run_sse", *EXCLUDED} <= {each.label for each in operations}
    failed = []
    for operation in operations:
        if operation.label not in EXCLUDED:
            replica.create(user, "s")  # the last operation may have been its deletion
            failed += [play(replica, operation, mode, known) for mode in modes(operation)]
    assert not any(failed), "\n".join(failed)


def turn(**changes: Any) -> str:
    return json.dumps({**body("USER", "s", "thanks", "t"), **changes})


def says(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


DEEP = "[" * 150 + "]" * 150
NEW_SESSION = [
    r'{"state": {"a": "\ud800"}}',
    r'{"state": {"\ud800": 1}}',
    r'{"sessionId": "\ud800"}',
    '{"state": {"a": NaN}}',
    '{"state": {"user:a": -Infinity}}',
    '{"state": {"a": 1e999}}',
    f'{{"state": {{"a": {DEEP}}}}}',
    f'{{"state": {{"a": {"9" * 5000}}}}}',
    r'{"events": [{"author": "user", "content": {"parts": [{"text": "\ud800"}]}}]}',
    '{"events": [{"author": "user", "timestamp": NaN}]}',
    '{"events": [{"author": "user", "timestamp": 1e999}]}',
    '{"events": [{"author": "user", "actions": {"stateDelta": {"a": 1}}}]}',
    "{",
    "[]",
]
CHANGED_STATE = [
    r'{"stateDelta": {"a": "\ud800"}}',
    '{"stateDelta": {"a": Infinity}}',
    f'{{"stateDelta": {{"a": {DEEP}}}}}',
    '{"stateDelta": 1}',
]
TURN = [
    "null",
    "[" * 100_000,
    turn(newMessage=says({"text": "\ud800"})),
    turn(newMessage=says({"functionResponse": {"id": "x", "name": "y", "response": {}}})),
    turn(newMessage=says({"executableCode": {"code": "", "language": True}})),
    turn(newMessage=says({"inlineData": {"data": "!", "mimeType": "x/y"}})),
    turn(newMessage="thanks"),
    turn(customMetadata={"turn_id": float("nan")}),
    turn(customMetadata=[]),
    turn(stateDelta={"a": "\ud800"}),
    turn(appName="x" * 5000),
    turn(appName="no_such_app"),
    turn(appName="../shopmax"),
    turn(appName=""),
    turn(userId="\ud800"),
    turn(sessionId="no such session"),
]


@pytest.mark.parametrize(
    ("method", "path", "text"),
    [
        *(("POST", "/apps/shopmax/users/USER/sessions", text) for text in NEW_SESSION),
        *(("PATCH", "/apps/shopmax/users/USER/sessions/s", text) for text in CHANGED_STATE),
        *(("POST", "/run", text) for text in TURN),
        ("POST", "/run", turn(newMessage=says({"functionCall": {"name": "y", "args": {}}}))),
        ("GET", f"/apps/{'x' * 5000}/app-info", ""),
        ("GET", "/apps/shopmax/users/%20/sessions/s/artifacts", ""),
        ("DELETE", "/apps/C:f/users/USER/sessions/s/artifacts/f", ""),
    ],
)
def test_bad_input_is_the_clients_mistake_and_leaves_no_trace(
    replica: Replica, user: str, method: str, path: str, text: str
) -> None:
    before = replica.get(user, "s").json()
    answer = replica.http.request(
        method,
        path.replace("USER", user),
        content=text.replace("USER", user),
        headers={"content-type": "application/json"},
    )
    assert 400 <= answer.status_code < 500, answer.text
    assert replica.get(user, "s").json() == before
    listed = replica.http.get(f"/apps/shopmax/users/{user}/sessions").json()
    assert [each["id"] for each in listed] == ["s"]


@pytest.mark.parametrize("text", TURN)
def test_a_stream_of_bad_input_is_refused_or_ends_with_an_error(
    replica: Replica, user: str, text: str
) -> None:
    content = text.replace("USER", user)
    headers = {"content-type": "application/json"}
    answer = replica.http.post("/run_sse", content=content, headers=headers)
    assert answer.status_code < 500
    assert answer.status_code >= 400 or answer.text.startswith('data: {"error"')
    assert replica.get(user, "s").json()["events"] == []


def test_the_deepest_value_that_is_taken_can_be_read_back_by_a_replica_that_never_saw_it(
    replica: Replica, pair: Pair, user: str
) -> None:
    value: list[Any] = []
    for _ in range(MAX_DEPTH - 3):  # around it: the body, its stateDelta
        value = [value]
    changed = replica.http.patch(session_path(user), json={"stateDelta": {"a": value}})
    assert changed.status_code == 200
    assert pair[1].get(user, "s").json()["state"] == {"a": value}
    changed = replica.http.patch(session_path(user), json={"stateDelta": {"a": [value]}})
    assert changed.status_code == 422


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"a": "\\ud83d\\ude00 \\u0000"}',
        '{"a": 1e308, "b": -0.0, "c": 123456789012345678901234567890}',
        f'["{"[" * 500}", {"[1]," * 200} "1e999"]',
    ],
)
def test_sound_json_is_taken_however_odd_it_looks(text: str) -> None:
    assert complaint(text.encode()) is None
