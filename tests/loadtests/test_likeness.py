"""Stored texts are compared with those that were sent and given, and no word is recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loadtests.adk.events import history
from loadtests.customers.likeness import MOST_CHARACTERS, Replies, compared
from reports.records import AuditRecord, Likeness, digest, from_json, to_json

MESSAGES = ("My name is Asha Rao and my saree is late", "Where is order 4711?")
ANSWER = "Dear Asha Rao, it is with the courier"


def given(*texts: str) -> Replies:
    return {turn: (digest(text), text[:MOST_CHARACTERS]) for turn, text in enumerate(texts)}


def event(turn: int, text: str, author: str = "shop") -> dict[str, Any]:
    metadata = {"turn_id": f"t{turn}"}
    return {"author": author, "content": {"parts": [{"text": text}]}, "customMetadata": metadata}


def likeness(message: str = MESSAGES[0], reply: str = ANSWER) -> tuple[Likeness, ...] | None:
    events = [event(0, message, "user"), event(0, reply)]
    return compared(history(events), events, MESSAGES, given(ANSWER, "On its way."))


def test_texts_stored_as_they_were_said_are_not_compared() -> None:
    assert likeness() is None


@pytest.mark.parametrize(
    ("message", "numbers"),
    [
        ("My name is [NAME] and my saree is late", (0, 9, 10, 8, 3)),
        ("my name is Asha Rao, and my saree is late", (0, 10, 10, 10, 10)),
        ("My name is Asha", (0, 4, 10, 4, 4)),
        ("Where is my order 4711?", (1, 5, 4, 4, 2)),
        ("Namaste", (0, 1, 10, 0, 0)),
    ],
)
def test_a_message_stored_otherwise_is_compared_with_the_one_it_is_most_like(
    message: str, numbers: tuple[int, ...]
) -> None:
    (found,) = likeness(message=message) or ()
    assert (found.digest, found.kind) == (digest(message), "message")
    assert (found.turn, found.stored, found.sent, found.kept, found.begins) == numbers


def test_a_reply_stored_otherwise_is_compared_with_the_replies() -> None:
    reply = "Dear [NAME], it is with the courier"
    (found,) = likeness(reply=reply) or ()
    assert (found.digest, found.kind, found.turn) == (digest(reply), "reply", 0)
    assert (found.stored, found.sent, found.kept, found.begins) == (7, 8, 6, 1)


def test_the_same_word_in_place_of_others_is_known_again() -> None:
    (first,) = likeness(reply="Dear [NAME], it is with the courier") or ()
    (second,) = likeness(message="My name is [NAME] and my saree is late") or ()
    assert first.added == second.added
    assert len(first.added) == 1
    assert first.taken == second.taken
    assert len(first.taken) == 2


def test_a_long_reply_stored_as_it_was_given_is_not_compared() -> None:
    long = "word " * MOST_CHARACTERS
    events = [event(0, MESSAGES[0], "user"), event(0, long)]
    assert compared(history(events), events, MESSAGES, given(long)) is None


@pytest.mark.parametrize(("length", "is_compared"), [(0, True), (MOST_CHARACTERS, False)])
def test_texts_with_the_same_words_are_only_told_if_they_were_compared_whole(
    length: int, is_compared: bool
) -> None:
    given_text = "Namasté, Asha!" + " on its way" * length
    stored = given_text.replace("Namasté,", "**Namaste\u0301**")
    events = [event(0, MESSAGES[0], "user"), event(0, stored)]
    found = compared(history(events), events, MESSAGES, given(given_text))
    assert (found is not None) is is_compared
    for each in found or ():
        assert each.kept == each.sent == each.stored


def test_a_script_without_spaces_is_compared_sign_by_sign() -> None:
    sent, stored = "私の名前は田中です", "私の名前は某です"
    events = [event(0, stored, "user")]
    (found,) = compared(history(events), events, (sent,), given("はい")) or ()
    assert (found.stored, found.sent, found.kept, found.begins) == (8, 9, 7, 5)


@pytest.mark.parametrize("length", [3, 400])
def test_a_placeholder_is_known_again_in_texts_of_any_length(length: int) -> None:
    given_text = "Dear Asha Rao, " + " ".join(f"item {number}" for number in range(length))
    stored = given_text.replace("Asha Rao", "[NAME]")
    events = [event(0, MESSAGES[0], "user"), event(0, stored)]
    (found,) = compared(history(events), events, MESSAGES, given(given_text)) or ()
    (short,) = likeness(reply="Dear [NAME], it is with the courier") or ()
    assert (found.added, found.taken) == (short.added, short.taken)
    assert 2 * found.kept > max(found.stored, found.sent) > found.begins


def test_the_record_of_a_comparison_holds_no_word() -> None:
    record = AuditRecord(
        conversation=0, at=1.0, done=1.1, when="end", status="found", user="u", history=()
    )
    assert "likeness" not in json.loads(to_json(record))
    found = likeness(message="My name is Asha and my saree is late")
    assert found is not None
    full = AuditRecord(
        conversation=0,
        at=1.0,
        done=1.1,
        when="end",
        status="found",
        user="u",
        history=(),
        likeness=found,
    )
    line = to_json(full)
    assert b"saree" not in line
    assert from_json(AuditRecord, line) == full
