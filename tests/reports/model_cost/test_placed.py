"""The turn and the kind of a call."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from reports.model_cost.placed import Kind, placed
from reports.records import ModelCall
from tests.reports.a_run import Run
from tests.reports.model_cost.a_log import call, history, log, run


def kinds(made: Run, folder: Path, calls: list[ModelCall]) -> Counter[Kind]:
    """The kinds of the calls, counted."""
    return Counter(each.kind for each in placed(history(made, folder, calls), calls))


def test_a_call_belongs_to_the_turn_whose_message_it_shows_last(tmp_path: Path) -> None:
    made = run()
    calls = log(made)
    found = placed(history(made, tmp_path, calls), calls)
    assert len(found) == len(calls) == 48
    for each in found:
        assert each.place is not None
        assert each.kind is Kind.ANSWERED
        assert each.place.turn == len(each.call.messages) - 1
        owner = made.conversations[each.place.conversation]
        assert owner.turns[each.place.turn].message == each.call.messages[-1]


def test_equal_messages_of_two_customers_are_told_apart_by_the_conversation(tmp_path: Path) -> None:
    made = Run()
    for opening in ("a", "b"):
        made.conversation(10.0).turn(message=opening).turn(message="and when?")
    calls = [call(made.conversations[1].turns[1], ["b", "and when?"])]
    (found,) = placed(history(made, tmp_path, calls), calls)
    assert found.place is not None
    assert (found.place.conversation, found.place.turn) == (1, 1)


def test_an_equal_conversation_is_told_apart_by_its_time(tmp_path: Path) -> None:
    made = Run()
    for start in (10.0, 20.0, 30.0):
        made.conversation(start).turn(message="a")
    calls = [call(talk.turns[0], ["a"]) for talk in made.conversations]
    found = placed(history(made, tmp_path, calls), calls)
    assert [each.place and each.place.conversation for each in found] == [0, 1, 2]


def test_a_call_with_another_message_belongs_to_no_turn(tmp_path: Path) -> None:
    made = run()
    calls = [call(made.conversations[0].turns[0], ["rewritten"])]
    (found,) = placed(history(made, tmp_path, calls), calls)
    assert found.place is None
    assert found.kind is Kind.ANSWERED


def test_a_call_before_the_load_is_the_rehearsal_s(tmp_path: Path) -> None:
    made = run(1, 1)
    early = replace(log(made)[0], t=-3.0)
    assert kinds(made, tmp_path, [early]) == {Kind.REHEARSAL: 1}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"status": 429, "answer": "error"}, Kind.REFUSED),
        ({"status": 429, "answer": "error", "refused": "tokens"}, Kind.REFUSED),
        ({"status": 503, "answer": "error"}, Kind.FAILED),
        ({"answer": "error"}, Kind.FAILED),
        ({"status": 0, "answer": "error", "done": None}, Kind.CUT),
        ({"done": None}, Kind.CUT),
        ({}, Kind.ANSWERED),
    ],
)
def test_calls_are_told_apart_by_their_answer(
    tmp_path: Path, changes: dict[str, object], kind: Kind
) -> None:
    made = run(1, 1)
    first = replace(log(made)[0], **changes)
    assert kinds(made, tmp_path, [first]) == {kind: 1}


def test_a_call_that_is_asked_again_after_an_answer_is_repeated(tmp_path: Path) -> None:
    made = Run()
    turn = made.conversation().turn(attempts=2, took=2.0).turns[0]
    calls = [
        call(turn, [turn.message]),
        call(turn, [turn.message], t=turn.sent + 1.0, caller="r02"),
        call(turn, [turn.message], 1, t=turn.sent + 1.2, caller="r02"),
    ]
    assert kinds(made, tmp_path, calls) == {Kind.ANSWERED: 2, Kind.REPEATED: 1}


def test_a_call_that_is_asked_again_after_a_refusal_is_the_first_answer(tmp_path: Path) -> None:
    made = run(1, 1)
    first, second = log(made)
    refused = replace(first, t=first.t - 0.005, status=429, answer="error")
    assert kinds(made, tmp_path, [refused, first, second]) == {Kind.REFUSED: 1, Kind.ANSWERED: 2}


def test_a_call_after_one_that_was_cut_is_repeated(tmp_path: Path) -> None:
    made = run(1, 1)
    first, second = log(made)
    cut = replace(first, t=first.t - 0.005, done=None, fault="cut")
    assert kinds(made, tmp_path, [cut, first, second]) == {
        Kind.CUT: 1,
        Kind.REPEATED: 1,
        Kind.ANSWERED: 1,
    }


def test_a_call_after_garbage_is_repeated_and_one_after_a_slow_answer_is_not(
    tmp_path: Path,
) -> None:
    made = run(1, 1)
    first, _ = log(made)
    for fault, last in (("model-garbage", Kind.REPEATED), ("slow-model", Kind.ANSWERED)):
        calls = [replace(first, fault=fault), replace(first, t=first.t + 0.01)]
        found = placed(history(made, tmp_path, calls), calls)
        assert [each.kind for each in found] == [Kind.ANSWERED, last]


def test_a_loop_that_asks_the_same_twice_in_one_attempt_is_no_retry(tmp_path: Path) -> None:
    made = run(1, 1)
    first, _ = log(made)
    assert kinds(made, tmp_path, [first, replace(first, t=first.t + 0.01)]) == {Kind.ANSWERED: 2}


def test_turns_after_a_session_was_opened_again_count_from_there(tmp_path: Path) -> None:
    made = Run()
    talk = made.conversation().turn().turn().turn(reopened=14.0).turn()
    messages = [turn.message for turn in talk.turns]
    calls = [call(talk.turns[3], messages[2:])]
    (found,) = placed(history(made, tmp_path, calls), calls)
    assert found.place is not None
    assert (found.place.turn, found.place.earlier) == (3, 1)
