"""Automatic replies: which tool is called, and that every turn ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from target_service.stand_in.call import Tool
from target_service.stand_in.replies.allowed import AllowedTools
from target_service.stand_in.replies.automatic import Automatic
from target_service.stand_in.replies.errors import RepliesError
from target_service.stand_in.reply import Reply
from tests.target_service.generated import FIXED
from tests.target_service.stand_in.replies import calls, schemas
from tests.target_service.stand_in.replies.calls import (
    ASK,
    EXIT,
    FINISH,
    FORM,
    MESSAGE,
    REFUND,
    TRACK,
)

ALL = Automatic(AllowedTools(everything=True))
ORDERS = "Where is my order, tracking and delivery"
REFUNDS = "Gives money back, refunds"


def test_the_tool_that_fits_the_message_is_called_with_words_of_the_message() -> None:
    reply = ALL.reply(calls.call(tools=[REFUND, TRACK]))
    assert [(each.name, each.args) for each in reply.calls] == [
        ("track_order", {"order_id": "ORD-58291"})
    ]
    money = calls.said("I want my money of 499 back")
    (made,) = ALL.reply(calls.call(money, [REFUND, TRACK])).calls
    assert (made.name, made.args) == ("refund_payment", {"amount": 499.0})


def test_the_text_repeats_the_message_and_the_tools_answer() -> None:
    items = [*calls.said(MESSAGE), *calls.called("track_order", result={"status": "shipped"})]
    text = ALL.reply(calls.call(items, [TRACK])).text
    assert MESSAGE in text
    assert "status shipped" in text


def test_a_later_reply_shows_that_the_first_message_is_known() -> None:
    text = ALL.reply(calls.call(calls.said(MESSAGE, "And when?"))).text
    assert "And when?" in text
    assert MESSAGE in text


def test_replies_to_different_messages_differ() -> None:
    texts = {ALL.reply(calls.call(calls.said(f"Where is {n}?"))).text for n in range(20)}
    assert len(texts) == 20


def test_the_same_call_gets_the_same_reply() -> None:
    tools = [REFUND, TRACK, calls.transfer("a", "b")]
    assert len({str(ALL.reply(calls.call(tools=tools))) for _ in range(5)}) == 1


def test_a_schema_gets_json_that_it_allows() -> None:
    schema = {
        "type": "object",
        "properties": {"order_id": {"type": "string"}, "paid": {"type": "boolean"}},
        "required": ["order_id", "paid"],
    }
    reply = ALL.reply(calls.call(schema=schema))
    value = json.loads(reply.text)
    Draft202012Validator(schema).validate(value)
    assert value["order_id"] == "ORD-58291"


def test_no_tool_is_called_where_the_agent_forbids_it() -> None:
    reply = ALL.reply(calls.call(tools=[TRACK, FORM, EXIT], tool_choice="none"))
    assert (reply.calls, bool(reply.text)) == ((), True)


def test_another_tool_is_called_where_the_agent_demands_calls() -> None:
    items = [*calls.said(MESSAGE), *calls.called("track_order")]
    (made,) = ALL.reply(calls.call(items, [TRACK, REFUND], tool_choice="any")).calls
    assert made.name == "refund_payment"


@pytest.mark.parametrize(
    ("option", "names"),
    [("dry", []), ("all", ["track_order"]), ("refund_payment", ["refund_payment"])],
)
def test_only_allowed_tools_are_called(option: str, names: list[str]) -> None:
    played = calls.play(
        Automatic(AllowedTools.parse(option)), calls.said(MESSAGE), [TRACK, REFUND, ASK]
    )
    assert played.names == names
    assert played.texts


@pytest.mark.parametrize("option", ["", "all,x", "dry,x", "a b", "x,,y"])
def test_a_list_of_tools_that_cannot_be_read_is_refused(option: str) -> None:
    with pytest.raises(RepliesError, match="must be `dry`, `all`, or names"):
        AllowedTools.parse(option)


def test_adks_own_tools_are_called_without_being_allowed() -> None:
    dry = Automatic(AllowedTools.parse("dry"))
    assert calls.play(dry, calls.said(MESSAGE), [TRACK, FORM]).names == ["set_model_response"]
    assert calls.play(dry, calls.said(MESSAGE), [TRACK, FINISH]).names == ["finish_task"]


def test_a_loop_is_left_with_a_text_for_the_customer() -> None:
    played = calls.play(ALL, calls.said(MESSAGE), [EXIT])
    assert played.names == ["exit_loop"]
    assert MESSAGE in played.texts[0]


def test_the_loop_around_a_structured_answer_ends_too() -> None:
    items = calls.said(MESSAGE)
    names = []
    for _ in range(3):
        played = calls.play(ALL, items, [FORM, EXIT])
        names += played.names
        items = [*played.items, *calls.context("[other] said:\nMore")]
        if names[-1] == "exit_loop":
            break
    assert names == ["set_model_response", "exit_loop"]


def test_a_structured_answer_that_is_refused_is_not_repeated_for_ever() -> None:
    played = calls.play(
        ALL, calls.said(MESSAGE), [TRACK, FORM], result=lambda name: {"error": "wrong"}
    )
    assert played.names == ["track_order", "set_model_response"]


def coordinator(message: str) -> Reply:
    """The reply of an agent with two others and no tool of its own."""
    system = calls.identity("desk") + calls.team(orders=ORDERS, refunds=REFUNDS)
    return ALL.reply(
        calls.call(calls.said(message), [calls.transfer("orders", "refunds")], system=system)
    )


@pytest.mark.parametrize(
    ("message", "agent"), [(MESSAGE, "orders"), ("Please refund my money", "refunds")]
)
def test_a_message_is_passed_on_to_the_agent_whose_description_fits(
    message: str, agent: str
) -> None:
    (made,) = coordinator(message).calls
    assert (made.name, made.args) == ("transfer_to_agent", {"agent_name": agent})


def test_a_message_that_fits_no_agent_is_passed_on_all_the_same() -> None:
    (made,) = coordinator("नमस्ते").calls
    assert made.args["agent_name"] in ("orders", "refunds")


def test_a_message_is_passed_on_once() -> None:
    told = "[desk] called tool `transfer_to_agent` with parameters:\n{}"
    system = calls.identity("orders") + calls.team("desk", desk="Coordinates", refunds=REFUNDS)
    items = [*calls.said("Please refund my money"), *calls.context(told)]
    reply = ALL.reply(calls.call(items, [calls.transfer("desk", "refunds")], system=system))
    assert reply.calls == ()


def test_a_specialist_keeps_a_message_that_fits_it_and_passes_another_one_on() -> None:
    system = calls.identity("orders", ORDERS) + calls.team("desk", desk="Desk", refunds=REFUNDS)
    tools = [TRACK, calls.transfer("desk", "refunds")]
    (kept,) = ALL.reply(calls.call(tools=tools, system=system)).calls
    assert kept.name == "track_order"
    money = calls.said("Please refund the money")
    (passed,) = ALL.reply(calls.call(money, tools, system=system)).calls
    assert passed.args == {"agent_name": "refunds"}


def test_a_tool_that_asks_the_user_is_not_called() -> None:
    assert ALL.reply(calls.call(tools=[ASK])).calls == ()


def test_a_tool_whose_arguments_cannot_be_made_is_not_called() -> None:
    impossible = Tool("track", "Track my order", {"properties": {"x": False}, "required": ["x"]})
    reply = ALL.reply(calls.call(tools=[impossible, REFUND]))
    assert [each.name for each in reply.calls] == ["refund_payment"]


ENDINGS = st.sampled_from((EXIT, FORM, FINISH))
_NAMES = st.sampled_from(("look_up", "book", "pay", "send_mail", "adk_request_confirmation"))


@st.composite
def toolboxes(draw: st.DrawFn) -> list[Tool]:
    """Tools of an agent, with some of ADK's own."""
    names = draw(st.lists(_NAMES, unique=True, max_size=4))
    own = [Tool(name, "Does it.", draw(schemas.with_definitions())) for name in names]
    more = draw(st.lists(ENDINGS, unique_by=lambda tool: tool.name))
    return [*own, *more, *([calls.transfer("a", "b")] if draw(st.booleans()) else [])]


@FIXED
@given(
    tools=toolboxes(),
    message=st.text(max_size=30),
    choice=st.sampled_from(("auto", "any", "none")),
    fails=st.booleans(),
)
def test_a_run_ends_and_each_tool_is_called_at_most_once_with_valid_arguments(
    tools: list[Tool], message: str, choice: str, fails: bool
) -> None:
    declared = {tool.name: tool for tool in tools}

    def check(reply: Reply) -> None:
        for each in reply.calls:
            Draft202012Validator(declared[each.name].schema).validate(each.args)

    def result(_: str) -> Any:
        return {"error": "it failed"} if fails else {"status": "done"}

    played = calls.play(
        ALL, calls.said(message), tools, result=result, check=check, tool_choice=choice
    )
    assert len(played.names) == len(set(played.names))
    assert not any(name.startswith("adk_request_") for name in played.names)
    ended = {"transfer_to_agent", "exit_loop", "set_model_response", "finish_task"}
    assert played.texts or played.names[-1] in ended
