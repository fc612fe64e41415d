"""The violations, each shown by a tiny history written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from reports.records import chain, digest
from tests.prove.judge import Sent, differences, judge
from tests.prove.writers import Write, lost_write

Event = dict[str, Any]


def message(turn: str) -> Event:
    return event(turn, "user", {"text": f"ask {turn}"}, {})


def call(turn: str) -> Event:
    return event(turn, "shopmax", {"functionCall": {"name": "track_order", "id": f"c{turn}"}}, {})


def result(turn: str) -> Event:
    part = {"functionResponse": {"name": "track_order", "id": f"c{turn}"}}
    return event(turn, "shopmax", part, {})


def reply(turn: str, *seen: str) -> Event:
    """The agent's words, in sight of the messages of these turns."""
    shown = [len(seen), chain(digest(f"ask {each}") for each in seen)]
    return event(turn, "shopmax", {"text": f"told {turn}"}, {"diya_seen": shown})


def event(turn: str, author: str, part: dict[str, Any], metadata: dict[str, Any]) -> Event:
    return {
        "id": f"{turn}-{author}-{sorted(part)}",
        "author": author,
        "content": {"parts": [part]},
        "customMetadata": {"turn_id": turn, **metadata},
    }


ONE = [message("1"), call("1"), result("1"), reply("1", "1")]
TWO = [message("2"), reply("2", "1", "2")]
SENT = [Sent("1", "ask 1", (ONE[1:],)), Sent("2", "ask 2", (TWO[1:],))]


def kinds(history: list[Event], sent: list[Sent] = SENT, *, ordered: bool = True) -> set[str]:
    return {violation.kind for violation in judge(history, sent, ordered=ordered)}


def test_a_history_of_whole_turns_in_order_is_right() -> None:
    assert kinds(ONE + TWO) == set()


def test_a_turn_that_was_never_answered_may_be_there_or_not() -> None:
    sent = [SENT[0], Sent("2", "ask 2", ())]
    assert kinds(ONE, sent) == set()
    assert kinds(ONE + TWO, sent) == set()


def test_an_answered_turn_that_is_missing_is_lost() -> None:
    assert kinds(ONE) == {"lost"}
    assert kinds([]) == {"lost"}


def test_a_turn_that_ran_twice_is_duplicated() -> None:
    again = [message("2"), reply("2", "1", "2", "2")]
    assert "duplicated" in kinds(ONE + TWO + again)
    assert "duplicated" in kinds([*ONE, *TWO, reply("2", "1", "2")])


@pytest.mark.parametrize(
    "left", [ONE[:1], ONE[:2], ONE[:3], ONE[1:], [ONE[0], ONE[1], ONE[3]]], ids=str
)
def test_a_part_of_a_turn_is_a_half_turn(left: list[Event]) -> None:
    assert "half-turn" in kinds(left, [Sent("1", "ask 1", ())])


def test_turns_that_stand_inside_each_other_are_forked() -> None:
    mixed = [ONE[0], TWO[0], *ONE[1:], TWO[1]]
    assert "forked" in kinds(mixed, ordered=False)


def test_a_reply_that_was_made_without_sight_of_an_earlier_turn_is_forked() -> None:
    blind = [message("2"), reply("2", "2")]
    assert kinds(ONE + blind, [SENT[0], Sent("2", "ask 2", (blind[1:],))]) == {"forked"}


def test_a_reply_that_saw_as_many_messages_but_others_is_forked() -> None:
    wrong = [message("2"), reply("2", "3", "2")]
    assert kinds(ONE + wrong, [SENT[0], Sent("2", "ask 2", (wrong[1:],))]) == {"forked"}


def test_turns_out_of_the_order_in_which_they_were_sent_are_reordered() -> None:
    first, second = [message("2"), reply("2", "2")], [message("1"), reply("1", "2", "1")]
    sent = [Sent("1", "ask 1", (second[1:],)), Sent("2", "ask 2", (first[1:],))]
    assert kinds(first + second, sent) == {"reordered"}
    assert kinds(first + second, sent, ordered=False) == set()


def test_a_turn_that_was_never_sent_is_a_phantom() -> None:
    assert kinds(ONE + TWO, SENT[:1]) == {"phantom"}


def test_a_reply_that_is_not_the_stored_one_is_another() -> None:
    other = {**TWO[1], "id": "made again"}
    assert kinds(ONE + TWO, [SENT[0], Sent("2", "ask 2", ([other], TWO[1:]))]) == {"other reply"}


def test_a_stored_message_that_is_not_the_sent_one_is_found() -> None:
    assert kinds(ONE + TWO, [SENT[0], Sent("2", "ask me 2", (TWO[1:],))]) == {"other reply"}


def test_runs_of_one_script_differ_in_made_up_ids_and_nothing_else() -> None:
    other = [{**each, "id": "x", "timestamp": 7.0, "invocationId": "y"} for each in ONE]
    other[1]["content"] = {"parts": [{"functionCall": {"name": "track_order", "id": "z"}}]}
    assert differences(other, ONE) == []
    other[3] = reply("1", "0", "1")
    assert [each.kind for each in differences(other, ONE)] == ["other reply"]


def test_a_shared_key_must_not_end_with_a_value_that_was_replaced() -> None:
    old, new = Write("old", 0.0, 1.0), Write("new", 2.0, 3.0)
    assert [each.kind for each in lost_write("old", [old, new])] == ["lost update"]
    assert [each.kind for each in lost_write("never", [old, new])] == ["lost update"]
    assert lost_write("new", [old, new]) == []


def test_writes_at_the_same_moment_may_end_either_way() -> None:
    first, second = Write("first", 0.0, 2.0), Write("second", 1.0, 3.0)
    assert lost_write("first", [first, second]) == lost_write("second", [first, second]) == []


def test_a_write_that_was_never_answered_may_come_late_or_not_at_all() -> None:
    never, done = Write("never", 0.0, None), Write("done", 1.0, 2.0)
    assert lost_write("never", [never, done]) == lost_write("done", [never, done]) == []
