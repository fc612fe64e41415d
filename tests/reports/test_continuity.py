"""Violations of a session's history: turns lost, cut off, doubled, halved, forked, out of order.

Each is convicted as that class and no other, and a similar correct history passes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.checks.continuity import check_continuity
from reports.measures.continuity.forgotten import PATIENCE_S
from reports.records import HistoryItem, Outcome, Status, digest
from tests.reports.a_run import TTL, Run, answered, said, step, whole, witness
from tests.reports.convictions import Judge, three_turns


def test_a_sound_run_is_convicted_of_nothing(convictions: Judge, tmp_path: Path) -> None:
    run = Run()
    run.sound()
    run.sound(turns=1)
    assert convictions(run) == {}
    assert {f.status for f in check_continuity(run.history(tmp_path))} == {Status.PASS}


def test_an_acknowledged_turn_missing_from_the_middle_is_lost(convictions: Judge) -> None:
    run = Run()
    three_turns(run).audit(whole("c0t0", "c0t2"))
    assert convictions(run) == {"lost": 1}


def test_the_last_turn_alone_missing_is_lost(convictions: Judge) -> None:
    run = Run()
    three_turns(run).audit(whole("c0t0", "c0t1"))
    assert convictions(run) == {"lost": 1}


def test_an_empty_history_lost_every_turn(convictions: Judge) -> None:
    run = Run()
    three_turns(run).audit([])
    assert convictions(run) == {"lost": 3}


def test_a_404_within_the_ttl_lost_the_session(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn().turn()
    conversation.turn(outcome=Outcome.FAIL, status=404).audit(status="gone")
    assert convictions(run) == {"lost": 2}


def test_a_404_on_the_first_turn_of_an_opened_session_lost_it(convictions: Judge) -> None:
    run = Run()
    run.conversation().turn(outcome=Outcome.FAIL, status=404).audit(status="gone")
    assert convictions(run) == {"lost": 1}


def test_a_404_for_a_session_that_never_opened_is_no_loss(convictions: Judge) -> None:
    run = Run()
    run.conversation(is_opened=False).turn(outcome=Outcome.FAIL, status=404).audit(status="gone")
    assert convictions(run) == {}


def test_a_session_gone_at_the_end_within_its_ttl_is_lost(convictions: Judge) -> None:
    run = Run()
    three_turns(run).audit(status="gone")
    assert convictions(run) == {"lost": 3}


def test_a_session_gone_when_its_ttl_may_be_over_is_no_loss(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn(took=2.0)
    conversation.audit(status="gone", at=conversation.turns[0].sent + TTL + 1)
    assert convictions(run) == {}


def test_a_404_when_the_ttl_may_be_over_is_no_loss(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn(took=2.0)
    sent = conversation.turns[0].sent
    conversation.turn(at=sent + TTL - 0.5, took=1.0, outcome=Outcome.FAIL, status=404)
    assert convictions(run) == {}


def test_two_turns_cut_off_the_end_are_truncated(convictions: Judge) -> None:
    run = Run()
    three_turns(run).audit(whole("c0t0"))
    assert convictions(run) == {"truncated": 2}


def test_two_turns_cut_off_the_front_are_truncated(convictions: Judge) -> None:
    run = Run()
    three_turns(run).audit(whole("c0t2"))
    assert convictions(run) == {"truncated": 2}


def test_a_turn_of_unknown_fate_that_was_there_and_then_is_not_is_truncated(
    convictions: Judge,
) -> None:
    run = Run()
    conversation = run.conversation().turn().turn(outcome=Outcome.INFO)
    conversation.audit(whole("c0t0", "c0t1")).audit(whole("c0t0"), at=conversation.ended + 1)
    assert convictions(run) == {"truncated": 1}


def test_a_message_that_is_there_twice_is_duplicated(convictions: Judge) -> None:
    run = Run()
    three_turns(run).audit([*whole("c0t0"), *whole("c0t1"), *whole("c0t1"), *whole("c0t2")])
    assert convictions(run) == {"duplicated": 1}


def test_a_reply_that_is_there_twice_is_duplicated(convictions: Judge) -> None:
    run = Run()
    three_turns(run).audit([*whole("c0t0", "c0t1", "c0t2"), answered("c0t2")])
    assert convictions(run) == {"duplicated": 1}


def test_a_turn_of_unknown_fate_that_happened_twice_is_duplicated(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn().turn(outcome=Outcome.INFO)
    conversation.audit(whole("c0t0", "c0t1", "c0t1"))
    assert convictions(run) == {"duplicated": 1}


def test_a_duplicate_that_the_model_was_shown_is_duplicated_only(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn()
    conversation.turn(seen=witness("c0t0", "c0t0", "c0t1")).audit(whole("c0t0", "c0t0", "c0t1"))
    assert convictions(run) == {"duplicated": 1}


def test_turns_in_another_order_are_reordered(convictions: Judge) -> None:
    run = Run()
    three_turns(run).audit(whole("c0t0", "c0t2", "c0t1"))
    assert convictions(run) == {"reordered": 1}


def test_interleaved_turns_are_reordered(convictions: Judge) -> None:
    run = Run()
    run.conversation().turn().turn().audit(
        [said("c0t0"), said("c0t1"), answered("c0t0"), answered("c0t1")]
    )
    assert convictions(run) == {"reordered": 1}


def test_a_reply_before_its_message_is_reordered(convictions: Judge) -> None:
    run = Run()
    run.conversation().turn().audit([answered("c0t0"), said("c0t0")])
    assert convictions(run) == {"reordered": 1}


def test_a_turn_of_unknown_fate_before_an_earlier_turn_is_reordered(convictions: Judge) -> None:
    run = Run()
    run.conversation().turn().turn(outcome=Outcome.INFO).audit(whole("c0t1", "c0t0"))
    assert convictions(run) == {"reordered": 1}


def test_a_reply_other_than_the_acknowledged_one_is_forked(convictions: Judge) -> None:
    run = Run()
    other = HistoryItem("c0t0", "reply", digest("another reply"))
    run.conversation().turn().audit([said("c0t0"), other])
    assert convictions(run) == {"forked": 1}


def test_two_different_replies_to_one_turn_are_forked(convictions: Judge) -> None:
    run = Run()
    other = HistoryItem("c0t0", "reply", digest("another reply"))
    run.conversation().turn().audit([said("c0t0"), answered("c0t0"), other])
    assert convictions(run) == {"forked": 1}


def test_another_message_than_the_one_sent_is_forked(convictions: Judge) -> None:
    run = Run()
    other = HistoryItem("c0t0", "message", digest("another message"))
    run.conversation().turn().audit([other, answered("c0t0")])
    assert convictions(run) == {"forked": 1}


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.INFO])
@pytest.mark.parametrize("half", [[said("c0t1")], [answered("c0t1")], [step("c0t1")]])
def test_half_a_turn_is_a_half_turn(
    convictions: Judge, outcome: Outcome, half: list[HistoryItem]
) -> None:
    run = Run()
    talk = run.conversation().turn().turn(outcome=outcome)
    # No attempt can still be running then.
    talk.audit([*whole("c0t0"), *half], at=talk.ended + PATIENCE_S + 1)
    assert convictions(run) == {"half_turn": 1}


def test_the_half_that_a_killed_attempt_left_beside_the_whole_turn_is_a_half_turn(
    convictions: Judge,
) -> None:
    run = Run()
    run.conversation().turn(attempts=2).audit([said("c0t0"), *whole("c0t0")])
    assert convictions(run) == {"half_turn": 1}


def test_a_retried_turn_that_was_acknowledged_is_like_any_other(convictions: Judge) -> None:
    run = Run()
    run.conversation().turn().turn(attempts=3, took=2.0).turn().audit()
    assert convictions(run) == {}


def test_steps_between_message_and_reply_are_no_violation_however_many(convictions: Judge) -> None:
    run = Run()
    steps = [step("c0t0")] * 7
    run.conversation().turn().audit([said("c0t0"), *steps, answered("c0t0")])
    assert convictions(run) == {}


def test_another_turns_step_between_message_and_reply_is_reordered(convictions: Judge) -> None:
    run = Run()
    history = [said("c0t0"), step("c0t0"), answered("c0t0"), said("c0t1"), step("c0t0")]
    run.conversation().turn().turn().audit([*history, answered("c0t1")])
    assert convictions(run) == {"reordered": 1}
