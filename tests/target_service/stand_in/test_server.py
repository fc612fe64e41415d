"""The server by plain HTTP: bad requests, unknown paths, hang-ups, latency, and its control."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.records import FILES, ModelCall, lines
from target_service.model.witness import digest
from target_service.stand_in import shown
from tests.target_service.stand_in import servers
from tests.target_service.stand_in.servers import TEXT

GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
COUNT = "/v1beta/models/gemini-2.5-flash:countTokens"
CHAT = "/v1/chat/completions"
ASKED: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "Where is it?"}]}]}
ASKED_OPENAI: dict[str, Any] = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "Where is it?"}],
}


@pytest.mark.parametrize(
    "path",
    [
        GENERATE,
        "/v1/models/gemini-2.5-flash:generateContent",
        "/v1beta1/publishers/google/models/gemini-2.5-flash:generateContent",
        "/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash"
        ":generateContent",
        "/v1/projects/p/locations/global/endpoints/123:generateContent",
        "/",
    ],
)
def test_gemini_is_spoken_at_its_paths_and_at_those_of_vertex(
    stand_in: servers.Client, path: str
) -> None:
    answer = stand_in.ask("POST", path, ASKED)
    assert answer.status == 200
    assert answer.json["candidates"][0]["content"]["parts"] == [{"text": TEXT}]


@pytest.mark.parametrize(
    "path", [CHAT, "/chat/completions", "/openai/deployments/gpt-4o-mini/chat/completions"]
)
def test_chat_completions_are_spoken_at_their_paths_and_at_those_of_azure(
    stand_in: servers.Client, path: str
) -> None:
    answer = stand_in.ask("POST", f"{path}?api-version=2024-10-21", ASKED_OPENAI)
    assert answer.json["choices"][0]["message"]["content"] == TEXT


def test_a_stream_without_server_sent_events_is_one_array(stand_in: servers.Client) -> None:
    answer = stand_in.ask("POST", STREAM, ASKED)
    assert answer.headers["content-type"].startswith("application/json")
    chunks = answer.json
    assert len(chunks) > 2
    parts = [chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in chunks]
    assert "".join(parts) == TEXT


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b"\xff\xfe", b'{"contents": "\\ud800"}', b"[" * 5000, b"[]", b"3"],
)
def test_a_body_that_is_no_request_gets_the_apis_own_error(
    stand_in: servers.Client, body: bytes
) -> None:
    google = stand_in.ask("POST", GENERATE, body)
    assert (google.status, google.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert google.json["error"]["code"] == 400
    openai = stand_in.ask("POST", CHAT, body)
    assert (openai.status, openai.json["error"]["type"]) == (400, "invalid_request_error")
    assert {"message", "param", "code"} <= openai.json["error"].keys()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "contents",
                        "parts",
                        "text",
                        "role",
                        "functionCall",
                        "functionResponse",
                        "name",
                    ),
                    *("args", "tools", "functionDeclarations", "generationConfig", "messages"),
                    *("content", "model", "tool_calls", "function", "arguments", "tool_choice"),
                    *("systemInstruction", "toolConfig", "thoughtSignature", "response_format"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(contents=VALUES, extra=VALUES, other=VALUES)
def test_no_json_of_any_shape_breaks_the_server(
    stand_in: servers.Client, contents: Any, extra: Any, other: Any
) -> None:
    body = {"contents": contents, "tools": extra, "systemInstruction": other}
    assert stand_in.ask("POST", GENERATE, body).status in (200, 400)
    assert stand_in.ask("POST", COUNT, body).status in (200, 400)
    body = {"model": "m", "messages": contents, "tools": extra, "tool_choice": other}
    assert stand_in.ask("POST", CHAT, body).status in (200, 400)


def test_a_bad_request_is_in_the_log_without_its_text(stand_in: servers.Client) -> None:
    before = len(stand_in.calls())
    stand_in.ask("POST", GENERATE, b"{secret")
    (call,) = stand_in.calls(before)
    assert (call["status"], call["answer"], call["messages"]) == (400, "error", [])
    assert "secret" not in json.dumps(call)


def test_a_body_over_the_limit_is_refused_and_the_connection_stays_usable() -> None:
    with servers.running(largest_body=2000) as small:
        big = json.dumps({"contents": ["x" * 5000]}).encode()
        google = small.ask("POST", GENERATE, big)
        assert google.status == 400
        assert "exceeds the limit: 2000 bytes" in google.json["error"]["message"]
        assert small.ask("POST", CHAT, big).status == 413
        assert small.ask("POST", GENERATE, ASKED).status == 200


def test_a_chunked_body_is_read(stand_in: servers.Client) -> None:
    raw = json.dumps(ASKED).encode()
    connection = stand_in.connect()
    connection.request("POST", GENERATE, iter([raw[:10], raw[10:]]), encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1beta/interactions"),
        ("POST", "/v1beta/models/m:embedContent"),
        ("GET", GENERATE),
        ("GET", "/"),
        ("DELETE", "/v1/files/x"),
    ],
)
def test_an_unknown_path_is_refused_and_counted(
    stand_in: servers.Client, method: str, path: str
) -> None:
    calls = len(stand_in.calls())
    known = stand_in.control("GET", "unknown").get(f"{method} {path}", 0)
    answer = stand_in.ask(method, f"{path}?key=a-key-in-the-query")
    assert answer.status == 404
    assert f"{method} {path}" in answer.json["error"]["message"]
    unknown = stand_in.control("GET", "unknown")
    assert unknown[f"{method} {path}"] == known + 1
    assert "a-key-in-the-query" not in json.dumps(unknown)
    assert len(stand_in.calls()) == calls


def test_only_so_many_unknown_paths_are_kept(stand_in: servers.Client) -> None:
    for number in range(120):
        assert stand_in.ask("POST", f"/v1/x{number}").status == 404
    assert len(stand_in.control("GET", "unknown")) == 100


def test_the_log_is_the_record_that_the_judge_reads(tmp_path: Path) -> None:
    path = tmp_path / FILES[ModelCall]
    declared = {"functionDeclarations": [{"name": "track_order"}]}
    called = {"functionCall": {"name": "track_order", "args": {"order_id": "A1"}}}
    result = {"functionResponse": {"name": "track_order", "response": {"b": 1, "a": "é"}}}
    contents = [
        *ASKED["contents"],
        {"role": "model", "parts": [{"text": "One moment."}, called]},
        {"role": "user", "parts": [result]},
    ]
    identity = {"parts": [{"text": 'You are an agent. Your internal name is "orders".'}]}
    body = {"contents": contents, "tools": [declared], "systemInstruction": identity}
    with servers.running(log=path) as client:
        client.ask("POST", GENERATE, {**ASKED, "tools": [declared]})
        client.ask("POST", GENERATE, body, {"x-goog-api-key": "a-real-key"})
        assert client.calls() == [json.loads(line) for line in path.read_text().splitlines()]
    first, second = lines.read(path, ModelCall)
    assert (first.caller, first.answer, first.names) == ("r01", "call", ("track_order",))
    assert (first.source, first.status, first.steps) == ("script", 200, "")
    assert first.messages == second.messages == (digest("Where is it?"),)
    assert (second.agent, second.caller, second.steps) == ("orders", "", "TCR")
    assert second.results == (digest('{"a":"é","b":1}'),)
    assert second.results == (shown.result_digest({"a": "é", "b": 1}),)
    assert second.done is not None
    assert 0 <= first.t <= first.done <= second.t <= second.done  # type: ignore[operator]
    assert second.prompt_tokens > first.prompt_tokens > 0
    written = path.read_text()
    assert "a-real-key" not in written
    assert "Where" not in written


def test_run_time_begins_at_the_origin(tmp_path: Path) -> None:
    from target_service.stand_in.call_log import CallLog

    log = CallLog(None, time.time() - 100)
    assert 100 <= log.now() < 160


@pytest.mark.parametrize(
    "headers",
    [
        {"x-goog-api-key": "diya-r09"},
        {"authorization": "Bearer diya-r09"},
        {"api-key": "diya-r09"},
    ],
)
def test_the_replica_is_known_by_its_key_wherever_it_stands(
    stand_in: servers.Client, headers: dict[str, str]
) -> None:
    connection = stand_in.connect()
    connection.request("POST", GENERATE, json.dumps(ASKED), headers)
    assert connection.getresponse().read()
    connection.close()
    assert stand_in.calls()[-1]["caller"] == "r09"


def test_the_same_call_is_planned_for_the_same_time_on_every_replica() -> None:
    with servers.running(speed="0.01,100000,0.5") as client:
        for key in ("diya-r01", "diya-r02"):
            client.ask("POST", GENERATE, ASKED, {"x-goog-api-key": key})
        other = {"contents": [{"role": "user", "parts": [{"text": "Something else"}]}]}
        client.ask("POST", GENERATE, other)
        first, second, third = client.calls()
    assert first["first_token_s"] == second["first_token_s"] != third["first_token_s"]
    assert first["took_s"] == second["took_s"] > first["first_token_s"]


@pytest.mark.parametrize("path", [GENERATE, f"{STREAM}?alt=sse"])
def test_a_reply_takes_the_time_of_its_plan(path: str) -> None:
    with servers.running(speed="0.2,200,0") as client:
        begun = time.monotonic()
        assert client.ask("POST", path, ASKED).status == 200
        took = time.monotonic() - begun
        (call,) = client.calls()
    assert call["took_s"] == pytest.approx(0.2 + call["output_tokens"] / 200)
    assert took >= call["took_s"] - 0.01
    assert call["done"] - call["t"] >= call["took_s"] - 0.01


def test_the_first_piece_of_a_stream_comes_long_before_the_last() -> None:
    with servers.running(speed="0,40,0") as client:
        connection = client.connect()
        connection.request("POST", f"{STREAM}?alt=sse", json.dumps(ASKED))
        response = connection.getresponse()
        begun = time.monotonic()
        assert response.readline().startswith(b"data: ")
        first = time.monotonic() - begun
        assert response.read().endswith(b"\r\n\r\n")
        assert first < time.monotonic() - begun - 0.3
        connection.close()


@pytest.mark.parametrize("path", [GENERATE, f"{STREAM}?alt=sse", CHAT])
def test_a_client_that_hangs_up_is_noticed_long_before_its_reply_would_end(path: str) -> None:
    with servers.running(speed="0.05,0.1,0") as client:
        connection = client.connect()
        body = {**ASKED_OPENAI, "stream": True} if path == CHAT else ASKED
        connection.request("POST", path, json.dumps(body))
        if path != GENERATE:
            assert connection.getresponse().status == 200
        connection.close()
        (call,) = client.next_calls()
    assert call["done"] is None
    assert call["took_s"] > 200


def test_the_control_needs_its_token(stand_in: servers.Client) -> None:
    for method, name in (("GET", "calls"), ("POST", "faults"), ("GET", "affected")):
        for token in ("", "Bearer ", "Bearer wrong", f"Basic {servers.TOKEN}", "Bearer é"):
            answer = stand_in.ask(method, f"/_diya/{name}", {}, {"authorization": token})
            assert answer.status == 401, (name, token)
    assert stand_in.ask("GET", "/_diya/health").json["status"] == "ready"


def test_the_control_gives_the_calls_after_a_number() -> None:
    with servers.running() as client:
        for _ in range(3):
            client.ask("POST", GENERATE, ASKED)
        told = client.control("GET", "calls?after=1")
        assert (told["next"], len(told["calls"])) == (3, 2)
        assert abs(told["origin"] - time.time()) < 100
        for number in (3, 99, 10**17, 10**40):
            later = client.control("GET", f"calls?after={number}")
            assert (later["next"], later["calls"]) == (3, [])
        bad = client.ask(
            "GET", "/_diya/calls?after=x", None, {"authorization": f"Bearer {client.token}"}
        )
        assert bad.status == 400


def test_a_fault_that_cannot_be_set_is_one_sentence(stand_in: servers.Client) -> None:
    token = {"authorization": f"Bearer {stand_in.token}"}
    for body in ({"error_rate": 2}, {"speed": 1}, b"{", [1]):
        answer = stand_in.ask("POST", "/_diya/faults", body, token)
        assert answer.status == 400, body
        assert answer.json["detail"]


def test_an_affected_replica_is_named_once_a_fault_has_hit_it(stand_in: servers.Client) -> None:
    stand_in.set_faults(error_rate=1.0)
    assert stand_in.control("GET", "affected") == []
    stand_in.ask("POST", GENERATE, ASKED, {"x-goog-api-key": "diya-r03"})
    assert stand_in.control("GET", "affected") == ["r03"]


def test_a_broken_part_of_the_stand_in_is_an_internal_error_of_the_api() -> None:
    def broken(_: object) -> Any:
        raise RuntimeError("a defect")

    with servers.running(broken) as client:
        answer = client.ask("POST", GENERATE, ASKED)
        assert (answer.status, answer.json["error"]["status"]) == (500, "INTERNAL")
        assert client.calls()[-1]["status"] == 500
