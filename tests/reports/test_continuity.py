"""Every class of broken continuity is convicted as that class and nothing else, and the innocent
neighbour of each goes free."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reports.checks.continuity import check_continuity, counts, take_census
from reports.checks.violations import CLASSES
from reports.records import Fate, Finding, HistoryItem, Outcome, Status, digest
from tests.reports.a_run import (
    TTL,
    Conversation,
    Run,
    answered,
    message,
    reply,
    said,
    step,
    whole,
    witness,
)

Judge = Callable[[Run], dict[str, int]]


@pytest.fixture
def convictions(tmp_path: Path) -> Judge:
    """The classes that a run is convicted of, with their counts."""

    def judge(run: Run) -> dict[str, int]:
        found = counts(take_census(run.history(tmp_path)))
        return {kind: found[kind] for kind in CLASSES if found[kind]}

    return judge


def findings(run: Run, tmp_path: Path) -> dict[str, Finding]:
    return {f.check.partition(".")[2]: f for f in check_continuity(run.history(tmp_path))}


def three_turns(run: Run) -> Conversation:
    conversation = run.conversation()
    return conversation.turn().turn().turn()


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
    run.conversation().turn(outcome=Outcome.FAIL, status=404)
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


def test_a_turn_of_unknown_fate_before_what_preceded_it_is_reordered(convictions: Judge) -> None:
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
    run.conversation().turn().turn(outcome=outcome).audit([*whole("c0t0"), *half])
    assert convictions(run) == {"half_turn": 1}


def test_the_half_that_a_killed_attempt_left_beside_the_whole_turn_is_a_half_turn(
    convictions: Judge,
) -> None:
    run = Run()
    run.conversation().turn(attempts=2).audit([said("c0t0"), *whole("c0t0")])
    assert convictions(run) == {"half_turn": 1}


def test_a_session_found_after_its_ttl_is_resurrected(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn().audit()
    conversation.audit(at=conversation.ended + TTL + 1, when="expired")
    assert convictions(run) == {"resurrected": 1}


def test_a_session_found_when_its_ttl_may_not_be_over_is_alive(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn().audit()
    read = conversation.audits[0].done
    conversation.audit(at=read + TTL - 0.5, when="expired")
    assert convictions(run) == {}


def test_a_session_found_long_after_a_turn_of_unknown_fate_is_alive(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn().turn(outcome=Outcome.INFO)
    conversation.audit(at=conversation.ended + TTL + 5, when="expired")
    assert convictions(run) == {}


def test_a_session_that_a_forgotten_attempt_may_have_touched_late_is_alive(
    convictions: Judge,
) -> None:
    run = Run()
    conversation = run.conversation().turn(attempts=2).audit()
    conversation.audit(at=conversation.ended + TTL + 1, when="expired")
    assert convictions(run) == {}


def test_a_session_found_after_its_acknowledged_delete_is_resurrected(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation(deleted=12.0).turn().audit()
    conversation.audit(at=12.5, when="expired")
    assert convictions(run) == {"resurrected": 1}


def test_a_session_gone_after_its_acknowledged_delete_is_as_it_should_be(
    convictions: Judge,
) -> None:
    run = Run()
    conversation = run.conversation(deleted=12.0).turn().audit()
    conversation.audit(at=12.5, when="expired", status="gone")
    assert convictions(run) == {}


def test_a_reply_that_knows_what_the_ttl_took_is_resurrected(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn()
    conversation.turn(at=conversation.ended + TTL + 5).audit(whole("c0t1"))
    assert convictions(run) == {"resurrected": 1}


def test_a_session_that_began_anew_after_its_ttl_is_as_it_should_be(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn()
    conversation.turn(at=conversation.ended + TTL + 5, seen=witness("c0t1")).audit(whole("c0t1"))
    assert convictions(run) == {}


@pytest.mark.parametrize("kept", [True, False])
def test_where_the_ttl_leaves_it_open_a_history_may_begin_anew_or_not(
    convictions: Judge, kept: bool
) -> None:
    run = Run()
    conversation = run.conversation().turn(took=2.0)
    shown = ("c0t0", "c0t1") if kept else ("c0t1",)
    at = conversation.turns[0].sent + TTL - 0.1
    conversation.turn(at=at, seen=witness(*shown)).audit(whole(*shown))
    assert convictions(run) == {}


def test_a_turn_that_nobody_sent_is_a_phantom(convictions: Judge) -> None:
    run = Run()
    run.conversation().turn().audit(whole("c0t0", "nobody"))
    assert convictions(run) == {"phantom": 1}


def test_a_message_without_a_turn_id_is_a_phantom(convictions: Judge) -> None:
    run = Run()
    stray = HistoryItem(None, "message", digest("hello"))
    run.conversation().turn().audit([*whole("c0t0"), stray])
    assert convictions(run) == {"phantom": 1}


def test_a_refused_turn_that_happened_all_the_same_is_a_phantom(convictions: Judge) -> None:
    run = Run()
    run.conversation().turn().turn(outcome=Outcome.FAIL, status=503).audit(whole("c0t0", "c0t1"))
    assert convictions(run) == {"phantom": 1}


def test_an_unknown_turn_in_a_conversation_cut_off_by_the_end_of_the_run_is_no_phantom(
    convictions: Judge,
) -> None:
    run = Run()
    run.conversation(fate=Fate.CENSORED).turn().audit(whole("c0t0", "c0t1"))
    assert convictions(run) == {}


def test_a_turn_of_another_conversation_is_leaked(convictions: Judge) -> None:
    run = Run()
    run.sound()
    run.conversation().turn().audit(whole("c0t1", "c1t0"))
    assert convictions(run) == {"leaked": 1}


def test_the_session_of_another_user_is_leaked(convictions: Judge) -> None:
    run = Run()
    run.conversation().turn().audit(user="somebody else")
    assert convictions(run) == {"leaked": 1}


def test_a_model_that_was_not_shown_an_acknowledged_turn_missed_the_context(
    convictions: Judge,
) -> None:
    run = Run()
    run.conversation().turn().turn(seen=witness("c0t1")).audit()
    assert convictions(run) == {"context_missed": 1}


def test_a_model_that_was_shown_something_else_missed_the_context(convictions: Judge) -> None:
    run = Run()
    run.conversation().turn().turn(seen=witness("elsewhere", "c0t1")).audit()
    assert convictions(run) == {"context_missed": 1}


@pytest.mark.parametrize(
    ("shown", "history"),
    [
        (("c0t0", "c0t2"), whole("c0t0", "c0t2")),
        (("c0t0", "c0t1", "c0t2"), whole("c0t0", "c0t1", "c0t2")),
        (("c0t0", "c0t2"), whole("c0t0", "c0t2", "c0t1")),
    ],
    ids=["never", "in its place", "after the next turn"],
)
def test_a_turn_of_unknown_fate_may_have_happened_at_once_late_or_never(
    convictions: Judge, shown: tuple[str, ...], history: list[HistoryItem]
) -> None:
    run = Run()
    conversation = run.conversation().turn().turn(outcome=Outcome.INFO)
    conversation.turn(seen=witness(*shown)).audit(history)
    assert convictions(run) == {}


def test_a_turn_of_unknown_fate_that_a_later_reply_knew_may_not_be_forgotten_by_the_next(
    convictions: Judge,
) -> None:
    run = Run()
    conversation = run.conversation().turn().turn(outcome=Outcome.INFO)
    conversation.turn(seen=witness("c0t0", "c0t1", "c0t2"))
    conversation.turn(seen=witness("c0t0", "c0t2", "c0t3")).audit(
        whole(*(f"c0t{n}" for n in range(4)))
    )
    assert convictions(run) == {"context_missed": 1}


def test_a_retried_turn_that_was_acknowledged_is_like_any_other(convictions: Judge) -> None:
    run = Run()
    run.conversation().turn().turn(attempts=3, took=2.0).turn().audit()
    assert convictions(run) == {}


def test_steps_between_message_and_reply_are_no_violation_however_many(convictions: Judge) -> None:
    run = Run()
    steps = [step("c0t0")] * 7
    run.conversation().turn().audit([said("c0t0"), *steps, answered("c0t0")])
    assert convictions(run) == {}


def test_turns_lost_with_the_power_within_the_declared_durability_are_counted_apart(
    convictions: Judge, tmp_path: Path
) -> None:
    run = Run()
    run.conversation(start=5.0).turn(at=5.0).turn(at=19.0).audit(whole("c0t0"), at=25.0)
    run.fault("power-loss", 20.0, 22.0)
    assert convictions(run) == {}
    found = findings(run, tmp_path)
    assert found["within_durability"].value == 1
    assert found["lost"].value == 0


def test_turns_lost_with_a_killed_process_are_lost_whatever_the_durability(
    convictions: Judge,
) -> None:
    run = Run()
    run.conversation(start=5.0).turn(at=5.0).turn(at=19.0).audit(whole("c0t0"), at=25.0)
    run.fault("kill-redis", 20.0, 22.0)
    assert convictions(run) == {"lost": 1}


def test_turns_that_a_killed_server_itself_lost_are_counted_apart(
    convictions: Judge, tmp_path: Path
) -> None:
    run = Run()
    run.conversation(start=5.0).turn(at=5.0).turn(at=19.0).audit(whole("c0t0"), at=25.0)
    run.fault("kill-redis", 20.0, 22.0, server_lost_since=19.01)
    assert convictions(run) == {}
    assert findings(run, tmp_path)["within_durability"].value == 1


def test_turns_lost_before_the_killed_server_lost_anything_are_lost(convictions: Judge) -> None:
    run = Run()
    run.conversation(start=5.0).turn(at=5.0).turn(at=17.0).audit(whole("c0t0"), at=25.0)
    run.fault("kill-redis", 20.0, 22.0, server_lost_since=19.5)
    assert convictions(run) == {"lost": 1}


def test_turns_lost_with_the_power_but_long_before_it_are_lost(convictions: Judge) -> None:
    run = Run()
    run.conversation(start=5.0).turn(at=5.0).turn(at=12.0).audit(whole("c0t0"), at=25.0)
    run.fault("power-loss", 20.0, 22.0)
    assert convictions(run) == {"lost": 1}


def test_evidence_names_turn_replica_and_the_fault_beside_it(tmp_path: Path) -> None:
    run = Run()
    three_turns(run).audit(whole("c0t0", "c0t2"))
    run.fault("kill-redis", 11.0, 12.0)
    (line,) = findings(run, tmp_path)["lost"].evidence
    assert "conversation 0, turn c0t1" in line
    assert "r02" in line
    assert "r07" in line
    assert "kill-redis-1 (11.0–12.0 s)" in line


def test_evidence_stops_at_twenty_lines_and_the_count_does_not(tmp_path: Path) -> None:
    run = Run()
    for _ in range(30):
        run.conversation().turn().audit([])
    lost = findings(run, tmp_path)["lost"]
    assert len(lost.evidence) == 20
    assert lost.value == 30


def test_conversations_that_could_not_be_read_back_leave_continuity_unknown(
    tmp_path: Path,
) -> None:
    run = Run()
    for number in range(50):
        run.sound() if number else run.conversation().turn().audit(status="unknown")
    assert {f.status for f in check_continuity(run.history(tmp_path))} == {Status.UNKNOWN}


def test_one_unanswered_audit_in_two_hundred_is_within_the_tolerance(tmp_path: Path) -> None:
    run = Run()
    for number in range(200):
        run.sound() if number else run.conversation().turn().audit(status="unknown")
    assert {f.status for f in check_continuity(run.history(tmp_path))} == {Status.PASS}


def test_a_run_without_conversations_knows_nothing_of_continuity(tmp_path: Path) -> None:
    assert {f.status for f in check_continuity(Run().history(tmp_path))} == {Status.UNKNOWN}


def test_a_service_that_stamps_no_turn_ids_cannot_be_judged_by_its_histories(
    tmp_path: Path,
) -> None:
    run = Run()
    items = [
        HistoryItem(None, "message", message("c0t0")),
        HistoryItem(None, "reply", reply("c0t0")),
    ]
    run.conversation().turn().audit(items)
    assert findings(run, tmp_path)["lost"].status is Status.UNKNOWN


def test_no_witness_from_our_own_model_leaves_the_context_unknown(tmp_path: Path) -> None:
    run = Run()
    run.conversation().turn(seen=None).turn(seen=None).audit()
    found = findings(run, tmp_path)
    assert found["context_missed"].status is Status.UNKNOWN
    assert found["lost"].status is Status.PASS


def test_no_witness_from_a_foreign_model_is_proven_by_the_histories(tmp_path: Path) -> None:
    run = Run(model="gemini-2.5-flash")
    run.conversation().turn(seen=None).turn(seen=None).audit()
    context = findings(run, tmp_path)["context_missed"]
    assert context.status is Status.PASS
    assert "no witness" in context.summary


def test_without_a_read_after_the_ttl_resurrection_is_unknown(tmp_path: Path) -> None:
    run = Run()
    run.conversation().turn().audit()
    assert findings(run, tmp_path)["resurrected"].status is Status.UNKNOWN
