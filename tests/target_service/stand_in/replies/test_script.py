"""The script beside the journeys, from its TOML file to the model's replies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadtests.profiles import journeys
from target_service.stand_in.call import Call
from target_service.stand_in.replies.allowed import AllowedTools
from target_service.stand_in.replies.errors import RepliesError
from target_service.stand_in.replies.script import Script
from target_service.stand_in.reply import Reply
from tests.target_service.stand_in.replies import calls
from tests.target_service.stand_in.replies.calls import FORM, REFUND, TRACK

BOOK = """
[slots]
order = ["ORD-1", "ORD-2"]

[journey.track]
[journey.track.en]
openings = ["Where is my order {order}?", "  {order} is late, {{order}}! "]
follow_ups = ["And when?"]
[journey.track.model]
calls = [{ tool = "track_order", args = { order_id = "{order}", express = true } }]

[journey.pay]
[journey.pay.en]
openings = ["Please pay me back."]
follow_ups = ["And when?", "I am angry."]
[journey.pay.model]
calls = ["refund_payment", "track_order"]

[journey.talk]
[journey.talk.en]
openings = ["Hello!"]
follow_ups = ["And when?"]

[journey.quiet]
[journey.quiet.en]
openings = ["Be quiet."]
follow_ups = ["Why?"]
[journey.quiet.model]
calls = []
"""
ALL = AllowedTools(everything=True)


def script(folder: Path, allowed: AllowedTools = ALL) -> Script:
    """The script of `BOOK`, which went through its file."""
    (folder / "mine.toml").write_text(BOOK)
    values = journeys.load(folder / "mine.toml").model_script()
    (folder / "script.json").write_text(json.dumps(values))
    return Script.load(folder / "script.json", allowed)


class Scripted:
    """The script alone as the source of replies."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def reply(self, call: Call) -> Reply:
        """The script's reply, of which there must be one."""
        reply = self._script.find(call)
        assert reply is not None
        assert reply.source == "script"
        return reply


def names(found: Script, *messages: str) -> list[str]:
    """The tools that are called in a turn after these messages."""
    return calls.play(Scripted(found), calls.said(*messages), [TRACK, REFUND]).names


def test_the_tools_of_a_journey_are_called_in_their_order(tmp_path: Path) -> None:
    found = script(tmp_path)
    assert names(found, "Where is my order ORD-2?") == ["track_order"]
    assert names(found, "Please pay me back.") == ["refund_payment", "track_order"]
    assert names(found, "Be quiet.") == []


@pytest.mark.parametrize("message", ["Where is my order ORD-7?", "ORD-7 is late, {order}!"])
def test_a_slot_of_the_message_fills_the_arguments(tmp_path: Path, message: str) -> None:
    reply = script(tmp_path).find(calls.call(calls.said(message), [TRACK]))
    assert reply is not None
    assert reply.calls[0].args == {"order_id": "ORD-7", "express": True}


def test_a_follow_up_belongs_to_the_journey_that_was_opened(tmp_path: Path) -> None:
    found = script(tmp_path)
    assert names(found, "Where is my order ORD-2?", "And when?") == ["track_order"]
    assert names(found, "Please pay me back.", "And when?") == ["refund_payment", "track_order"]
    assert found.find(calls.call(calls.said("Hello!", "And when?"))) is None


def test_a_follow_up_knows_the_slot_of_the_opening(tmp_path: Path) -> None:
    items = calls.said("Where is my order ORD-9?", "And when?")
    reply = script(tmp_path).find(calls.call(items, [TRACK]))
    assert reply is not None
    assert reply.calls[0].args["order_id"] == "ORD-9"


def test_an_argument_whose_slot_was_never_said_is_made_by_the_schema(tmp_path: Path) -> None:
    reply = script(tmp_path).find(calls.call(calls.said("And when?"), [TRACK]))
    assert reply is not None
    assert reply.calls[0].args["express"] is True
    assert "{" not in reply.calls[0].args["order_id"]


def test_messages_of_no_journey_are_left_to_automatic_replies(tmp_path: Path) -> None:
    assert script(tmp_path).find(calls.call(calls.said("Something else"))) is None


def test_a_tool_of_another_agent_makes_the_coordinator_pass_the_message_on(tmp_path: Path) -> None:
    found = script(tmp_path)
    system = calls.identity("desk") + calls.team(orders="Orders", refunds="Money")
    items = calls.said("Where is my order ORD-2?")
    desk = found.find(calls.call(items, [calls.transfer("orders", "refunds")], system=system))
    assert desk is not None
    assert [each.name for each in desk.calls] == ["transfer_to_agent"]
    told = calls.context("[desk] called tool `transfer_to_agent` with parameters:\n{}")
    orders = found.find(calls.call([*items, *told], [TRACK, calls.transfer("desk")]))
    assert orders is not None
    assert [each.name for each in orders.calls] == ["track_order"]


def test_a_call_of_another_agent_is_not_repeated(tmp_path: Path) -> None:
    told = calls.context("[refunds] called tool `refund_payment` with parameters:\n{}")
    items = [*calls.said("Please pay me back."), *told]
    reply = script(tmp_path).find(calls.call(items, [REFUND, TRACK]))
    assert reply is not None
    assert [each.name for each in reply.calls] == ["track_order"]


def test_a_structured_answer_is_given_at_the_end(tmp_path: Path) -> None:
    played = calls.play(
        Scripted(script(tmp_path)), calls.said("Where is my order ORD-2?"), [TRACK, FORM]
    )
    assert played.names == ["track_order", "set_model_response"]


def test_a_tool_that_may_not_run_is_not_called_by_a_script(tmp_path: Path) -> None:
    found = script(tmp_path, AllowedTools.parse("track_order"))
    assert names(found, "Please pay me back.") == ["track_order"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[", "must be JSON, got"),
        ("[]", "must be a script made from a file of journeys"),
        ('{"journeys": {"a": {"messages": [], "calls": [{}]}}}', "must be a script made from"),
    ],
)
def test_a_file_that_is_no_script_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "script.json"
    path.write_text(text)
    with pytest.raises(RepliesError, match=sentence) as caught:
        Script.load(path, ALL)
    assert str(path) in str(caught.value)


def test_a_script_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RepliesError, match="cannot read the script"):
        Script.load(tmp_path / "none.json", ALL)
