"""The parts of an answer beside its reply: tool steps, state, and the model's own words."""

from __future__ import annotations

from typing import Any

from loadtests.adk.agent_event import read_whole
from loadtests.adk.client import Answer
from loadtests.adk.events import history
from loadtests.adk.service import _with_events
from loadtests.adk.shown import digests_of_state, shown
from reports.records import digest


def event(author: str, *parts: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {"author": author, "content": {"parts": list(parts)}, "invocationId": "i", **values}


CALL = event("shop", {"functionCall": {"id": "a", "name": "track", "args": {"order": "1"}}})
RESULT = event(
    "shop",
    {"functionResponse": {"id": "a", "name": "track", "response": {"status": "sent"}}},
    actions={"stateDelta": {"order": "1", "app:seen": 3, "temp:x": 1}},
)
ANSWER = event("shop", {"text": "It is sent."}, customMetadata={"diya_said": "abc"})


def test_steps_are_those_that_the_session_will_hold() -> None:
    found = shown(read_whole([CALL, RESULT, ANSWER]))
    stored = history([event("user", {"text": "Where is it?"}), CALL, RESULT, ANSWER])
    assert list(found.steps) == [item.digest for item in stored if item.kind == "step"]
    assert len(found.steps) == 2


def test_the_state_holds_only_the_session_s_own_keys() -> None:
    found = shown(read_whole([CALL, RESULT, ANSWER]))
    assert found.state == {digest("order"): digest('"1"')}


def test_the_last_write_of_a_key_counts() -> None:
    again = {**ANSWER, "actions": {"stateDelta": {"order": "2"}}}
    found = shown(read_whole([RESULT, again]))
    assert found.state == {digest("order"): digest('"2"')}


def test_the_order_of_an_objects_keys_does_not_matter() -> None:
    assert digests_of_state({"cart": {"a": 1, "b": 2}}) == digests_of_state(
        {"cart": {"b": 2, "a": 1}}
    )


def test_the_models_testimony_is_taken_as_it_stands() -> None:
    found = shown(read_whole([CALL, ANSWER]))
    assert found.said == "abc"


def test_partial_events_of_a_stream_show_nothing() -> None:
    found = shown(read_whole([{**CALL, "partial": True}, ANSWER]))
    assert found.steps == ()


def test_an_answer_that_holds_no_events_shows_nothing() -> None:
    for body in (b'{"detail": "no"}', b'"no"'):
        assert _with_events(Answer(status=200, body=body)).shown is None
    assert digests_of_state(["no", "object"]) == {}
