"""Records that are missing make a run prove nothing, and convict nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reports.checks.continuity import check_continuity
from reports.checks.records import check_records
from reports.records import Fate, Outcome, Status
from tests.reports.a_run import Conversation, Run

Loss = Callable[[Conversation], object]


@pytest.mark.parametrize(
    ("lose", "said"),
    [
        (lambda talk: talk.turns.pop(-1), "2 of its 3 turns are recorded"),
        (lambda talk: talk.turns.pop(1), "2 of its 3 turns are recorded"),
        (lambda talk: talk.turns.clear(), "0 of its 3 turns are recorded"),
        (lambda talk: talk.audits.clear(), "that its session was read back is not recorded"),
        (lambda talk: talk.audits.pop(0), "that its session was read back is not recorded"),
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


def test_a_turn_that_nobody_recorded_is_no_phantom(tmp_path: Path) -> None:
    run = Run()
    talk = run.sound()
    talk.planned = 3
    talk.turns.pop(-1)
    findings = {each.check: each.status for each in check_continuity(run.history(tmp_path))}
    assert findings["continuity.phantom"] is not Status.FAIL


def test_who_gave_up_and_who_was_cut_off_had_no_more_to_record(tmp_path: Path) -> None:
    run = Run()
    run.conversation(planned=5, error="turn 1 ended fail").turn().turn(outcome=Outcome.FAIL).audit()
    run.conversation(planned=5, fate=Fate.CENSORED).turn()
    run.conversation(planned=5, error="opening the session: refused", is_opened=False)
    assert check_records(run.history(tmp_path)) == []


def test_a_turn_missing_in_the_middle_of_one_who_gave_up_is_seen(tmp_path: Path) -> None:
    run = Run()
    talk = run.conversation(planned=5, error="turn 2 ended fail").turn().turn()
    talk.turn(outcome=Outcome.FAIL).audit()
    talk.turns.pop(1)
    (finding,) = check_records(run.history(tmp_path))
    assert finding.evidence == ("conversation 0: turns in its middle are not recorded",)
