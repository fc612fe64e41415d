"""A customer at Agent Engine's door: ADK's own server of it, and other servers' spellings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtests.adk.client import Answer
from loadtests.arrivals.conversation import Ending
from loadtests.doors.agent_engine import EngineStream, lacks_method
from loadtests.doors.names import AGENT_ENGINE
from reports.records import Outcome, digest
from tests.loadtests.doors.talks import Talk, plan, serving, talk
from tests.loadtests.scripted_server import Step, cut_off, reply
from tests.loadtests.scripted_server import serving as scripted

WELL = digest("All is well.")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("engine")
    sessions = f"sqlite+aiosqlite:///{folder}/sessions.db"
    with serving("engine_server", sessions, log=folder / "log", asked="/list-apps") as url:
        yield url


ENDINGS = [
    # the customer's word, the turn's outcome, whether it has a reply
    ("plain", Outcome.OK, True),
    ("chatty", Outcome.OK, True),
    ("confirm", Outcome.OK, True),
    ("wait", Outcome.OK, True),
    ("thought", Outcome.OK, False),
    ("error", Outcome.INFO, False),
]


@pytest.mark.service
@pytest.mark.slow
@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(("wish", "outcome", "replied"), ENDINGS, ids=[e[0] for e in ENDINGS])
def test_every_legal_ending_of_a_turn_is_understood(
    engine: str, tmp_path: Path, wish: str, outcome: Outcome, replied: bool, streaming: bool
) -> None:
    planned = plan(wish, "plain", streaming=streaming, name=wish)
    (found,) = talk(AGENT_ENGINE, engine, [planned], tmp_path)
    first = found.turns[0]
    assert (first.outcome, first.attempts) == (outcome, 1), first.error
    assert (first.reply is not None) == replied
    (audit,) = found.audits
    assert (audit.status, audit.user) == ("found", planned.user), audit.error
    items = [item for item in audit.history if item.turn_id == first.turn_id]
    assert [item.kind for item in items].count("message") == 1
    if replied:
        assert [item.digest for item in items if item.kind == "reply"] == [first.reply]
    if outcome is Outcome.OK:
        assert found.turns[1].outcome is Outcome.OK, found.turns[1].error


@pytest.mark.service
@pytest.mark.slow
def test_a_conversation_on_adks_server_is_kept_streamed_and_deleted(
    engine: str, tmp_path: Path
) -> None:
    planned = plan("plain", "chatty", streaming=True, name="gone", ending=Ending.DELETED)
    (found,) = talk(AGENT_ENGINE, engine, [planned], tmp_path)
    assert [turn.outcome for turn in found.turns] == [Outcome.OK, Outcome.OK]
    assert found.turns[0].reply == WELL
    first = found.turns[0]
    assert first.first_token is not None
    assert first.sent <= first.first_token <= first.done
    # The second turn's tool wrote state, which the session shows.
    assert found.turns[1].state == found.audits[0].state
    assert found.turns[1].steps
    # ADK's server answers a bare 500 for a missing session; its list of sessions tells.
    assert [audit.status for audit in found.audits] == ["found", "gone"]
    assert found.conversation.deleted is not None


def output(value: Any) -> Step:
    """An answer of the call for sessions."""
    return reply(200, json.dumps({"output": value}).encode())


def lines(*events: dict[str, Any], prefix: str = "") -> Step:
    """An answer of the call for streams."""
    told = "".join(f"{prefix}{json.dumps(event)}\n" for event in events)
    return reply(200, told.encode())


EVENT = {
    "author": "agent",
    "invocation_id": "e-1",
    "content": {"parts": [{"text": "All is well."}]},
}
MESSAGE = {**EVENT, "author": "user", "content": {"parts": [{"text": "plain"}]}}
SESSION = {"id": "s-talk-True", "user_id": "u-talk", "state": {}, "events": [MESSAGE, EVENT]}
LISTED = {"sessions": [{"id": "s-talk-True"}]}
"""A door that has read a session for the first time asks whether it is listed."""


def played(tmp_path: Path, *steps: Step, path: str = "") -> tuple[Talk, list[Any]]:
    """One turn, streamed, at a server with these answers; and its requests."""
    with scripted(*steps) as server:
        planned = plan("plain", streaming=True)
        (found,) = talk(AGENT_ENGINE, f"{server.url}{path}", [planned], tmp_path)
        return found, server.requests


@pytest.mark.service
def test_an_older_server_is_called_by_the_older_names(tmp_path: Path) -> None:
    lacks = b'{"detail": "class_method async_create_session is not allowed"}'
    steps = (reply(400, lacks), output(SESSION), lines(EVENT), output(SESSION))
    found, requests = played(tmp_path, *steps)
    assert [request.json["class_method"] for request in requests[:4]] == [
        *("async_create_session", "create_session", "stream_query", "get_session"),
    ]
    assert [request.path for request in requests[:4]] == [
        *("/api/reasoning_engine", "/api/reasoning_engine"),
        *("/api/stream_reasoning_engine", "/api/reasoning_engine"),
    ]
    assert [turn.outcome for turn in found.turns] == [Outcome.OK]
    assert [item.kind for item in found.audits[0].history] == ["message", "reply"]


@pytest.mark.service
def test_a_resource_of_the_cloud_is_called_by_its_verbs(tmp_path: Path) -> None:
    steps = (output(SESSION), lines(EVENT, prefix="data: "), output(SESSION))
    path = "/v1/projects/p/locations/l/reasoningEngines/7"
    found, requests = played(tmp_path, *steps, path=path)
    assert [request.path for request in requests[:3]] == [
        *(f"{path}:query", f"{path}:streamQuery?alt=sse", f"{path}:query"),
    ]
    assert [turn.reply for turn in found.turns] == [WELL]


@pytest.mark.service
def test_a_server_that_refuses_the_turns_settings_is_asked_without(tmp_path: Path) -> None:
    refused = reply(400, b'{"detail": "run_config: extra inputs are not permitted"}')
    steps = (output(SESSION), refused, lines(EVENT), output(SESSION))
    found, requests = played(tmp_path, *steps)
    given = [request.json["input"] for request in requests[1:3]]
    metadata = {"turn_id": found.turns[0].turn_id}
    assert given[0]["run_config"] == {"custom_metadata": metadata, "streaming_mode": "sse"}
    assert "run_config" not in given[1]
    assert [turn.outcome for turn in found.turns] == [Outcome.OK]


@pytest.mark.service
def test_an_error_in_the_stream_fails_the_turn(tmp_path: Path) -> None:
    trouble = lines({"code": 498, "message": "the model is out"})
    found, _ = played(tmp_path, output(SESSION), trouble, lines(EVENT), output(SESSION))
    (turn,) = found.turns
    assert (turn.outcome, turn.attempts) == (Outcome.OK, 2)
    assert "498 the model is out" in str(turn.error)


@pytest.mark.service
def test_a_stream_cut_before_its_first_event_in_a_session_that_is_gone_is_no_turn(
    tmp_path: Path,
) -> None:
    gone = reply(500, b'{"detail": "Session not found. Please create it"}')
    found, _ = played(tmp_path, output(SESSION), cut_off(200, b""), gone)
    (turn,) = found.turns
    assert (turn.outcome, turn.attempts) == (Outcome.FAIL, 1)
    assert turn.error == "the session does not exist"


@pytest.mark.service
def test_a_stream_cut_before_its_first_event_is_sent_again(tmp_path: Path) -> None:
    read = (output(SESSION), output(LISTED))
    steps = (output(SESSION), cut_off(200, b""), *read, lines(EVENT), output(SESSION))
    found, _ = played(tmp_path, *steps)
    (turn,) = found.turns
    assert (turn.outcome, turn.attempts, turn.unsure) == (Outcome.OK, 2, 1)


LOST = [
    pytest.param(reply(200, b""), id="empty"),
    pytest.param(lines({"code": 404, "message": "Session not found: s-1"}), id="error"),
]


@pytest.mark.service
@pytest.mark.parametrize("answer", LOST)
def test_a_stream_without_events_in_a_session_that_is_gone_is_no_turn(
    tmp_path: Path, answer: Step
) -> None:
    found, _ = played(tmp_path, output(SESSION), answer, output(None), output(None))
    (turn,) = found.turns
    assert (turn.outcome, turn.attempts) == (Outcome.FAIL, 1)
    assert turn.error == "the session does not exist"


@pytest.mark.service
@pytest.mark.parametrize("answer", LOST)
def test_a_stream_without_events_in_a_session_that_is_there_is_sent_again(
    tmp_path: Path, answer: Step
) -> None:
    read = (output(SESSION), output(LISTED))
    found, _ = played(tmp_path, output(SESSION), answer, *read, lines(EVENT), output(SESSION))
    (turn,) = found.turns
    assert (turn.outcome, turn.attempts) == (Outcome.OK, 2)


def test_a_missing_session_does_not_hide_the_trouble_before_it() -> None:
    stream = EngineStream()
    for said in ("the model is overloaded", "Session not found: s-1"):
        stream.feed(json.dumps({"code": 500, "message": said}).encode())
    assert stream.tells_other_trouble


LACKS = [
    (400, "class_method NAME is not allowed"),
    (404, "Method 'NAME' not found"),
    (501, "unknown method: NAME"),
    (500, "'AdkApp' object has no attribute 'NAME'"),
]
HAS = [
    # The method ran, and its own trouble names it.
    (500, "in NAME: Session not found. Please create it using .create_session()"),
    (500, "method NAME: the operation is not supported by the store"),
    (404, "agent not found while calling NAME"),
    (400, "NAME: unknown user"),
    (503, "class_method NAME is not allowed"),
]


@pytest.mark.parametrize(
    ("status", "said", "lacks"), [(*e, True) for e in LACKS] + [(*e, False) for e in HAS]
)
def test_only_a_method_that_was_not_called_is_called_by_its_other_name(
    status: int, said: str, lacks: bool
) -> None:
    name = "async_create_session"
    body = json.dumps({"detail": said.replace("NAME", name)}).encode()
    answer = Answer(status=status, body=body, sent=True, complete=True)
    assert lacks_method(answer, name) is lacks
    assert not lacks_method(answer, "create_session")


@pytest.mark.service
def test_a_session_whose_creation_was_answered_by_nobody_is_found(tmp_path: Path) -> None:
    exists = reply(500, b"Internal Server Error")
    read = (output(SESSION), output(LISTED))
    steps = (cut_off(200, b"{"), exists, *read, lines(EVENT), output(SESSION))
    found, requests = played(tmp_path, *steps)
    assert [request.json["class_method"] for request in requests[:3]] == [
        *("async_create_session", "async_create_session", "async_get_session"),
    ]
    assert [turn.outcome for turn in found.turns] == [Outcome.OK]


@pytest.mark.service
def test_an_artifact_that_a_turn_saved_is_loaded_by_its_name_and_version(tmp_path: Path) -> None:
    saving = {**EVENT, "actions": {"artifact_delta": {"bill.txt": 3}}}
    session = {**SESSION, "events": [MESSAGE, saving]}
    steps = (output(SESSION), lines(saving), output(session), output(LISTED), output({"text": "9"}))
    found, requests = played(tmp_path, *steps)
    assert requests[4].json == {
        "class_method": "async_load_artifact",
        "input": {
            **{"user_id": "u-talk", "session_id": "s-talk-True"},
            **{"filename": "bill.txt", "version": 3},
        },
    }
    (artifact,) = found.audits[0].artifacts or ()
    assert (artifact.version, artifact.found) == (3, True)
