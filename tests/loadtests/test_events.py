from __future__ import annotations

import json
from typing import Any

import pytest

from loadtests.adk.agent_event import read_whole
from loadtests.adk.event_names import in_camel_case
from loadtests.adk.event_stream import EventStream
from loadtests.adk.events import BadReply, final_reply, history
from reports.records import HistoryItem, Seen, digest
from tests.loadtests.scripted_server import text_event

CALL = {"author": "agent", "content": {"parts": [{"functionCall": {"name": "track"}}]}}
RESULT = {"author": "agent", "content": {"parts": [{"functionResponse": {"name": "track"}}]}}


def test_the_last_whole_event_of_the_agent_is_the_reply() -> None:
    reply = final_reply([CALL, RESULT, text_event("On its way.")])
    assert reply.digest == digest("On its way.")


def test_text_parts_are_joined_and_thoughts_left_out() -> None:
    parts = [{"text": "Hmm.", "thought": True}, {"text": "April "}, {"text": "8th"}]
    event = {"author": "agent", "content": {"parts": parts}}
    assert final_reply([event]).digest == digest("April 8th")


def test_the_witness_of_the_last_event_counts() -> None:
    first = text_event("a", customMetadata={"diya_seen": [1, "aa"]})
    last = text_event("b", customMetadata={"diya_seen": [2, "bb"]})
    assert final_reply([first, last]).seen == Seen(2, "bb")


@pytest.mark.parametrize("witness", [None, [], [1], ["1", "aa"], "1aa", {"turns": 1}])
def test_a_reply_without_a_proper_witness_is_still_a_reply(witness: Any) -> None:
    reply = final_reply([text_event("a", customMetadata={"diya_seen": witness})])
    assert reply.seen is None


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ({"error": "x"}, "no list of events"),
        ([text_event("Let me", partial=True)], "no whole event"),
        ([{"author": "user", "content": {"parts": [{"text": "hi"}]}}], "no whole event"),
        ([text_event("x"), CALL], "without the agent's text"),
        ([text_event("x"), CALL, RESULT, CALL], "without the agent's text"),
        ([text_event("half", errorCode="RATE", errorMessage="slow down")], "RATE slow down"),
    ],
)
def test_an_incomplete_reply_has_a_reason(events: Any, why: str) -> None:
    with pytest.raises(BadReply, match=why):
        final_reply(events)


@pytest.mark.parametrize("reason", ["MAX_TOKENS", "PROHIBITED_CONTENT", "A_REASON_OF_TOMORROW"])
@pytest.mark.parametrize("told", [{}, {"errorMessage": "the limit was reached"}])
def test_the_text_before_a_model_s_stop_is_its_reply(reason: str, told: dict[str, str]) -> None:
    whole = text_event("It is with the courier and", finishReason=reason)
    streamed = {**whole, "errorCode": reason, **told}
    assert final_reply([whole]).digest == digest("It is with the courier and")
    assert final_reply([streamed]).digest == digest("It is with the courier and")
    assert [item.kind for item in history([streamed])] == ["reply"]


@pytest.mark.parametrize("reason", ["SAFETY", "PROHIBITED_CONTENT", "IMAGE_OTHER"])
def test_a_known_reason_needs_no_second_field(reason: str) -> None:
    told = text_event("It is with the courier and", errorCode=reason)
    assert final_reply([told]).digest == digest("It is with the courier and")


def test_a_model_stopped_before_any_text_has_failed() -> None:
    silent = {"author": "agent", "finishReason": "SAFETY", "errorCode": "SAFETY"}
    with pytest.raises(BadReply, match="SAFETY"):
        final_reply([silent])


def test_a_text_that_is_given_in_two_events_is_two_texts() -> None:
    loop = [text_event("positive", id=str(n), invocationId="i1") for n in range(2)]
    assert [item.kind for item in history(loop)] == ["step", "reply"]


THOUGHT = {"author": "agent", "content": {"parts": [{"text": "Hmm.", "thought": True}]}}
DELTA = {"author": "agent", "actions": {"stateDelta": {"mood": "calm"}}}
IMAGE = {"author": "agent", "content": {"parts": [{"inlineData": {"data": "aGk="}}]}}
WAITING = {**CALL, "longRunningToolIds": ["call-1"]}
RAW_RESULT = {**RESULT, "actions": {"skipSummarization": True}}


def _asks(call: str) -> dict[str, Any]:
    asked = {"functionCall": {"name": "adk_request_confirmation", "id": call}}
    return {"author": "agent", "content": {"parts": [asked]}, "longRunningToolIds": [call]}


def test_events_without_content_after_the_reply_change_nothing() -> None:
    assert final_reply([text_event("On its way."), DELTA]).digest == digest("On its way.")


@pytest.mark.parametrize("events", [[], [text_event("  ")], [THOUGHT], [DELTA], [DELTA, THOUGHT]])
def test_an_agent_may_end_a_turn_without_a_word(events: list[Any]) -> None:
    assert final_reply(events).digest is None


@pytest.mark.parametrize("last", [WAITING, RAW_RESULT, IMAGE])
def test_an_agent_may_end_a_turn_with_something_else_than_text(last: dict[str, Any]) -> None:
    reply = final_reply([CALL, last])
    assert reply.digest is not None
    turn = {"turn_id": "c1t0"}
    said = {"author": "user", "content": {"parts": [{"text": "Hi"}]}}
    kept = history([{**e, "customMetadata": turn} for e in (said, CALL, last)])
    assert [item.kind for item in kept] == ["message", "step", "reply"]
    assert kept[-1].digest == reply.digest


TOLD = text_event("I shall look.")
AFTER_A_RESULT = [
    # all events of the agent, the index of its reply
    ([CALL, RESULT], None),
    ([CALL, RESULT, DELTA], None),
    ([CALL, RESULT, THOUGHT, CALL, RESULT], None),
    ([TOLD, CALL, RESULT], 0),
    ([WAITING, RESULT], 0),
    ([TOLD, CALL, RESULT, WAITING, RESULT], 3),
]


@pytest.mark.parametrize(("events", "place"), AFTER_A_RESULT)
def test_an_agent_may_have_nothing_to_add_to_a_tools_result(
    events: list[dict[str, Any]], place: int | None
) -> None:
    reply = final_reply(events)
    assert (reply.digest is None) == (place is None)
    # The history of such a turn shows the same reply, or none.
    said = {"author": "user", "content": {"parts": [{"text": "Hi"}]}}
    kept = history(
        {**event, "id": str(number), "invocationId": "i1", "customMetadata": {"turn_id": "c1t0"}}
        for number, event in enumerate((said, *events))
    )
    assert [item.digest for item in kept if item.kind == "reply"] == [
        reply.digest for _ in events[:1] if place is not None
    ]
    assert [item.kind for item in kept].count("message") == 1


def test_a_stream_that_may_be_cut_off_after_a_tools_result_is_no_reply() -> None:
    stream = _stream(_data(TOLD), _data(CALL), _data(RESULT))
    assert stream.reply(whole=True).digest == digest("I shall look.")
    with pytest.raises(BadReply, match="without the agent's text"):
        stream.reply(whole=False)


def test_a_request_for_confirmation_names_its_calls() -> None:
    assert final_reply([CALL, _asks("call-1"), RAW_RESULT]).asks == ("call-1",)


def test_a_confirmed_turn_is_one_turn_with_one_reply_in_the_history() -> None:
    first, second = {"turn_id": "c1t0"}, {"turn_id": "c1t0+1"}
    yes = {"functionResponse": {"name": "adk_request_confirmation", "id": "call-1"}}
    events = [
        {"author": "user", "content": {"parts": [{"text": "Refund it."}]}, "customMetadata": first},
        {**text_event("Let me ask."), "customMetadata": first},
        {**_asks("call-1"), "customMetadata": first},
        {"author": "user", "content": {"parts": [yes]}, "customMetadata": second},
        {**text_event("Done."), "customMetadata": second},
    ]
    runs = ["i1", "i1", "i1", "i2", "i2"]
    events = [
        {**event, "invocationId": run, "id": f"e{number}"}
        for number, (event, run) in enumerate(zip(events, runs, strict=True))
    ]
    items = history(events)
    assert {item.turn_id for item in items} == {"c1t0"}
    assert [item.kind for item in items] == ["message", "step", "step", "step", "reply"]


def test_the_last_of_several_texts_of_one_execution_is_the_reply() -> None:
    events = [
        {**text_event(text), "id": text, "invocationId": "i1", "customMetadata": {"turn_id": "t"}}
        for text in ("I shall look.", "Here it is.")
    ]
    assert [item.kind for item in history(events)] == ["step", "reply"]


def test_texts_of_two_executions_are_two_replies_and_so_is_a_text_written_twice() -> None:
    two = [{**text_event(text), "id": text, "invocationId": text} for text in ("Yes.", "No.")]
    assert [item.kind for item in history(two)] == ["reply", "reply"]
    twice = [{**text_event("Yes."), "id": "e1", "invocationId": "i1"}] * 2
    assert [item.kind for item in history(twice)] == ["reply", "reply"]


def _stream(*lines: bytes) -> EventStream:
    stream = EventStream()
    for line in lines:
        stream.feed(line)
    return stream


def _data(event: Any) -> bytes:
    return f"data: {json.dumps(event)}\n".encode()


def test_a_stream_ends_with_the_whole_reply() -> None:
    partial = text_event("On its", partial=True)
    stream = _stream(_data(partial), b"\n", b": ping\n", _data(text_event("On its way.")))
    assert stream.reply().digest == digest("On its way.")


def test_a_stream_shows_text_with_its_first_text_not_with_a_tool_call() -> None:
    assert not _stream(_data(CALL)).has_text
    assert _stream(_data(CALL), _data(text_event("O", partial=True))).has_text


def test_a_page_in_place_of_a_stream_is_named_with_its_title() -> None:
    page = [b"<!doctype html>\n", b"<html><head><title>Sign in</title></head></html>\n"]
    with pytest.raises(BadReply, match='the reply is an HTML page, titled "Sign in", not JSON'):
        _stream(*page).reply()
    with pytest.raises(BadReply, match="the stream holds no events"):
        _stream(b": ping\n", b"retry: 100\n", b"\n").reply()


def test_a_stream_reads_its_whole_events_as_an_answer_in_one_piece_is_read() -> None:
    events = [CALL, RESULT, text_event("On its", partial=True), text_event("On its way.")]
    stream = _stream(*map(_data, events))
    assert stream.told == read_whole(events)
    assert [event.word for event in stream.told][-1:] == [digest("On its way.")]
    assert len(stream.told) == 3


def test_a_stream_of_partial_events_alone_is_no_reply() -> None:
    with pytest.raises(BadReply):
        _stream(_data(text_event("On its", partial=True))).reply()


EMPTY = text_event("")
SIGNATURE = {"author": "agent", "content": {"parts": [{"text": "", "thoughtSignature": "c2ln"}]}}
NULLS = {
    "author": "agent",
    "content": {"parts": [{"text": "On its way.", "functionCall": None, "thought": None}]},
    "errorCode": None,
    "partial": None,
}
"""As a server writes it whose encoder keeps what is not there."""


@pytest.mark.parametrize("last", [EMPTY, SIGNATURE, THOUGHT, NULLS], ids=str)
def test_a_last_event_without_a_text_does_not_take_the_reply_away(last: dict[str, Any]) -> None:
    events = [text_event("On its way."), last]
    assert final_reply(events).digest == digest("On its way.")
    kept = history({**event, "invocationId": "i1"} for event in events[: 1 + (last is not NULLS)])
    assert [item.digest for item in kept if item.kind == "reply"] == [digest("On its way.")]


def test_null_fields_of_a_part_count_as_missing() -> None:
    call = {"name": "track", "args": {"order": None}, "id": None}
    bare = {"name": "track", "args": {"order": None}}
    one, other = (
        history([{"author": "agent", "content": {"parts": [part]}}])
        for part in ({"functionCall": call, "text": None}, {"functionCall": bare})
    )
    assert one == other


@pytest.mark.parametrize("invocation", [{"invocationId": "i1"}, {}], ids=["invocation", "none"])
def test_an_announcement_in_a_history_without_ids_is_no_second_reply(
    invocation: dict[str, str],
) -> None:
    turn = {"customMetadata": {"turn_id": "c1t0"}, **invocation}
    said = {"author": "user", "content": {"parts": [{"text": "Where?"}]}}
    one = [{**e, **turn} for e in (said, text_event("I look."), CALL, RESULT, text_event("There."))]
    assert [item.kind for item in history(one)] == ["message", "step", "step", "step", "reply"]
    # What was stored twice is there twice still.
    again = [*one, one[-1]]
    assert [item.kind for item in history(again)].count("reply") == 2
    if not invocation:
        assert [item.kind for item in history(one + one)].count("reply") == 2


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([b"event: error\n", b'data: {"message": "boom"}\n', b"\n"], "reported an error: boom"),
        ([b"event:error\r\n", b"data: boom\r\n", b"\r\n"], "reported an error: boom"),
        ([b"event: error\n", b'data: {"code": 13}\n', b"\n"], "reported an error: {'code': 13}"),
        ([b"Error while running agent: boom\n"], "stream says: Error while running agent: boom"),
    ],
)
def test_an_error_that_a_stream_names_otherwise_is_one(lines: list[bytes], why: str) -> None:
    with pytest.raises(BadReply, match=why):
        _stream(_data(CALL), b"\n", _data(RESULT), b"\n", *lines).reply()


def test_a_sign_of_life_in_json_is_no_event() -> None:
    beat = [b"event: ping\n", b'data: {"type": "ping"}\n', b"\n"]
    assert _stream(*beat, _data(text_event("fine")), b"\n", *beat).reply().digest == digest("fine")
    with pytest.raises(BadReply, match="no whole event"):
        _stream(_data(text_event("On its", partial=True)), b"\n", *beat).reply()
    with pytest.raises(BadReply, match="no events"):
        _stream(*beat).reply()


def test_an_error_in_the_stream_outweighs_a_reply_before_it() -> None:
    stream = _stream(_data(text_event("fine")), _data({"error": "lost the lock"}))
    with pytest.raises(BadReply, match="lost the lock"):
        stream.reply()


def test_an_event_that_is_not_json_is_no_reply() -> None:
    with pytest.raises(BadReply, match="not a JSON object"):
        _stream(b"data: {oops\n", _data(text_event("fine"))).reply()


def test_an_event_may_stand_on_several_lines_of_the_stream() -> None:
    whole = json.dumps(text_event("On its way."), indent=1).splitlines()
    lines = [b"\xef\xbb\xbfevent: message\r\n", b"id: 7\r\n"]
    lines += [f"data: {line}\r\n".encode() for line in whole[:2]]
    lines += [b": ping\r\n", *(f"data: {line}\r\n".encode() for line in whole[2:]), b"\r\n"]
    assert _stream(*lines).reply().digest == digest("On its way.")
    with pytest.raises(BadReply, match="not a JSON object"):
        _stream(*lines[:-2]).reply()


@pytest.mark.parametrize("end", [b"data: [DONE]\n", b"data:\n", b"data: \r\n"])
def test_a_sign_of_life_or_of_the_end_is_no_event(end: bytes) -> None:
    stream = _stream(_data(text_event("fine", error=None)), b"\n", end, b"\n")
    assert stream.reply().digest == digest("fine")


def test_events_in_snake_case_mean_the_same() -> None:
    call = {"name": "look_up", "args": {"function_call": 1, "order_id": "A"}, "id": "f"}
    parts = [{"function_call": call}], [{"function_response": {**call, "args": {}}}]
    own = {"custom_metadata": {"turn_id": "c1t0"}, "invocation_id": "i", "error_code": None}
    snake = [
        {"author": "user", "content": {"role": "user", "parts": [{"text": "Where?"}]}, **own},
        *({"author": "agent", "content": {"role": "model", "parts": p}, **own} for p in parts),
        {**text_event("There."), **own, "actions": {"state_delta": {"a_b": 1}}},
    ]
    events = [in_camel_case(event) for event in snake]
    assert [(i.turn_id, i.kind) for i in history(events)] == [
        ("c1t0", kind) for kind in ("message", "step", "step", "reply")
    ]
    assert events[1]["content"]["parts"][0]["functionCall"] == call
    assert events[3]["actions"] == {"stateDelta": {"a_b": 1}}
    assert final_reply(events[1:]).digest == digest("There.")
    assert _stream(*map(_data, snake[1:])).events == events[1:]


@pytest.mark.parametrize(
    "event", [None, [], "x", {}, {"content": None}, CALL, text_event("There.")]
)
def test_anything_but_an_event_in_snake_case_stays_as_it_is(event: Any) -> None:
    assert in_camel_case(event) is event


def test_the_history_tells_messages_steps_and_replies_apart() -> None:
    turn = {"turn_id": "c1t0"}
    events = [
        {"author": "user", "content": {"parts": [{"text": "Where?"}]}, "customMetadata": turn},
        {**CALL, "customMetadata": turn},
        {**RESULT, "customMetadata": turn},
        {"author": "agent", "actions": {"stateDelta": {"a": 1}}},
        text_event("There.", customMetadata=turn),
        text_event("Nobody asked."),
    ]
    items = history(events)
    assert [(item.turn_id, item.kind) for item in items] == [
        ("c1t0", "message"),
        ("c1t0", "step"),
        ("c1t0", "step"),
        ("c1t0", "reply"),
        (None, "reply"),
    ]
    assert items[0] == HistoryItem("c1t0", "message", digest("Where?"))
    assert items[3].digest == digest("There.")


@pytest.mark.parametrize("events", [[None], ["x"], [{}], [{"content": None}]])
def test_foreign_shapes_in_a_history_are_passed_over(events: list[Any]) -> None:
    assert history(events) == ()
