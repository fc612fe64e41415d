"""Records that are missing make a run prove nothing, and convict nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from reports.checks.continuity import check_continuity
from reports.checks.records import check_records
from reports.records import Fate, Outcome, Status
from tests.reports.a_run import Conversation, Run, whole

Loss = Callable[[Conversation], object]


def _late(talk: Conversation, number: int, **values: float) -> None:
    talk.turns[number] = msgspec.structs.replace(talk.turns[number], **values)


@pytest.mark.parametrize(
    ("lose", "said"),
    [
        (lambda talk: talk.turns.pop(-1), "2 of its 3 turns are recorded"),
        (lambda talk: talk.turns.pop(1), "2 of its 3 turns are recorded"),
        (lambda talk: talk.turns.clear(), "0 of its 3 turns are recorded"),
        (lambda talk: talk.audits.clear(), "that its session was read back is not recorded"),
        (lambda talk: talk.audits.pop(0), "that its session was read back is not recorded"),
        (lambda talk: talk.turns.insert(1, talk.turns[1]), "4 of its 3 turns are recorded"),
        (lambda talk: setattr(talk, "has_record", False), "its fate is not recorded"),
        (lambda talk: _late(talk, 1, done=10.5), "turn 1 was answered before it was sent"),
        (lambda talk: _late(talk, 1, due=50.0), "turn 1 was answered before it was due"),
        (lambda talk: _late(talk, 1, due=11.3), "turn 1 was sent before it was due"),
    ],
)
def test_a_conversation_of_which_records_are_missing_is_named(
    tmp_path: Path, lose: Loss, said: str
) -> None:
    run = Run()
    for _ in range(200):
        run.sound().planned = 3
    lose(run.conversations[7])
    (finding,) = check_records(run.history(tmp_path))
    assert (finding.check, finding.status, finding.value) == ("validity.records", Status.FAIL, 1.0)
    assert finding.evidence == (f"conversation 7: {said}",)
    found = check_continuity(run.history(tmp_path))
    assert Status.FAIL not in {each.status for each in found}


@pytest.mark.parametrize(
    "lose",
    [
        lambda talk: talk.turns.pop(0),
        lambda talk: talk.turns.pop(1),
        lambda talk: talk.turns.pop(-1),
        lambda talk: talk.turns.insert(1, talk.turns[1]),
        lambda talk: talk.turns.clear(),
        lambda talk: setattr(talk, "has_record", False),
    ],
)
@pytest.mark.parametrize("ends", ["as planned", "gave up", "cut off"])
def test_a_conversation_with_missing_records_proves_no_violation(
    tmp_path: Path, lose: Loss, ends: str
) -> None:
    run = Run()
    talk = run.conversation().turn().turn()
    if ends == "gave up":
        talk.error = "turn 2 ended info: timed out"
        talk.turn(outcome=Outcome.INFO)
    else:
        talk.turn()
    if ends == "cut off":
        talk.fate = Fate.CENSORED
    talk.audit(whole("c0t0", "c0t1", "c0t2"), at=talk.ended + 20)
    talk.planned = 3
    lose(talk)
    found = check_continuity(run.history(tmp_path))
    assert Status.FAIL not in {finding.status for finding in found}


def test_a_read_of_which_nothing_else_is_recorded_is_a_gap(tmp_path: Path) -> None:
    run = Run()
    run.sound()
    talk = run.conversation().turn().audit()
    talk.has_record = False
    talk.turns.clear()
    (finding,) = check_records(run.history(tmp_path))
    assert finding.evidence == ("conversation 1: its fate is not recorded",)


def test_a_conversation_of_which_two_ends_are_recorded_is_a_gap(tmp_path: Path) -> None:
    run = Run()
    talk = run.sound()
    run.conversations.append(Conversation(0, talk.start, is_opened=False))
    (finding,) = check_records(run.history(tmp_path))
    assert finding.evidence == ("conversation 0: its fate is recorded 2 times",)


def test_a_turn_without_a_record_is_no_phantom(tmp_path: Path) -> None:
    run = Run()
    talk = run.sound()
    talk.planned = 3
    talk.turns.pop(-1)
    findings = {each.check: each.status for each in check_continuity(run.history(tmp_path))}
    assert findings["continuity.phantom"] is not Status.FAIL


def test_customers_who_gave_up_or_were_cut_off_need_no_more_records(tmp_path: Path) -> None:
    run = Run()
    run.conversation(planned=5, error="turn 1 ended fail").turn().turn(outcome=Outcome.FAIL).audit()
    run.conversation(planned=5, fate=Fate.CENSORED).turn()
    run.conversation(planned=5, error="opening the session: refused", is_opened=False)
    assert check_records(run.history(tmp_path)) == []


def test_a_missing_turn_of_a_customer_who_gave_up_is_detected(tmp_path: Path) -> None:
    run = Run()
    talk = run.conversation(planned=5, error="turn 2 ended fail").turn().turn()
    talk.turn(outcome=Outcome.FAIL).audit()
    talk.turns.pop(1)
    (finding,) = check_records(run.history(tmp_path))
    assert finding.evidence == ("conversation 0: turns in its middle are not recorded",)


@pytest.mark.parametrize(
    ("marks", "status"),
    [(Run.marks, Status.UNKNOWN), (Run.marks[:-1], Status.FAIL)],
    ids=["whole", "cut short before the fault"],
)
def test_a_fault_that_is_not_recorded_may_explain_a_loss(
    tmp_path: Path, marks: tuple[str, ...], status: Status
) -> None:
    run = Run(planned_faults=["kill-redis-1"], marks=marks)
    run.conversation().turn().turn().audit(whole("c0t0"))
    found = {f.check: f for f in check_continuity(run.history(tmp_path))}
    assert found["continuity.lost"].status is status


def test_a_text_that_was_shown_before_the_message_was_sent_is_a_gap(tmp_path: Path) -> None:
    run = Run()
    run.sound()
    _late(run.conversations[0], 1, first_token=10.5)
    (finding,) = check_records(run.history(tmp_path))
    assert "showed text before it was sent" in finding.evidence[0]
