"""Errors that retries swallow: in calm they fail the run, beside a fault they do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from reports.checks.errors import check_errors
from reports.records import Outcome, Status
from tests.reports.a_run import Conversation, Run
from tests.reports.gated import busy, judge

RESET = {"attempts": 2, "error": "connection reset by peer"}


def retried(run: Run, every: int, **values: Any) -> Run:
    """The run with every so-manyth turn retried."""
    numbered = 0
    for conversation in run.conversations:
        for place, turn in enumerate(conversation.turns):
            if numbered % every == 0:
                conversation.turns[place] = msgspec.structs.replace(turn, **(RESET | values))
            numbered += 1
    return run


# Retries


@pytest.mark.parametrize(
    ("every", "status"), [(1, "fail"), (10, "fail"), (20, "fail"), (60, "pass")]
)
def test_turns_that_need_several_attempts_in_calm_fail(
    tmp_path: Path, every: int, status: str
) -> None:
    finding = judge(retried(busy(), every), tmp_path, "errors.retries")
    assert finding.status == status
    assert (len(finding.evidence) > 0) == (status == "fail")


def test_retries_beside_a_fault_are_its_price(tmp_path: Path) -> None:
    run = busy()
    run.fault("kill-redis", 5.0, 60.0)
    assert [
        finding
        for finding in check_errors(retried(run, 2).history(tmp_path))
        if finding.check == "errors.retries"
    ] == []


def test_an_app_that_gives_up_on_an_attempt_early_is_no_error_of_the_service(
    tmp_path: Path,
) -> None:
    run = retried(busy(), 2, error="no complete response within 0.5 s")
    assert judge(run, tmp_path, "errors.retries").status is Status.PASS


OPENED_AGAIN = {"attempts": 1, "error": "opening the session: HTTP 503"}


@pytest.mark.parametrize(("every", "status"), [(1, "fail"), (20, "fail"), (60, "pass")])
def test_sessions_that_need_several_attempts_to_open_in_calm_fail(
    tmp_path: Path, every: int, status: str
) -> None:
    finding = judge(retried(busy(), every, **OPENED_AGAIN), tmp_path, "errors.retries")
    assert finding.status == status


def test_an_opening_that_the_app_gave_up_early_is_no_error_of_the_service(tmp_path: Path) -> None:
    error = "opening the session: no complete response within 0.5 s"
    run = retried(busy(), 2, attempts=1, error=error)
    assert judge(run, tmp_path, "errors.retries").status is Status.PASS


def test_a_foreign_target_may_refuse_the_first_ids(tmp_path: Path) -> None:
    run = retried(busy(), 2, **OPENED_AGAIN)
    run.foreign = True
    assert judge(run, tmp_path, "errors.retries").status is Status.PASS


# Deletions


def deleting(failed: int, sound: int, start: float = 10.0) -> Run:
    run = Run()
    for number in range(failed + sound):
        conversation = run.conversation(start + number).turn().audit()
        if number < failed:
            conversation.error = "the deletion ended info: HTTP 500"
        else:
            conversation.deleted = conversation.ended + 0.3
    return run


@pytest.mark.parametrize(("failed", "sound"), [(8, 0), (4, 4), (1, 7), (2, 98)])
def test_deletions_that_fail_in_calm_fail_the_run(tmp_path: Path, failed: int, sound: int) -> None:
    finding = judge(deleting(failed, sound), tmp_path, "errors.deletes")
    assert (finding.status, finding.value) == (Status.FAIL, failed / (failed + sound))


def test_deletions_that_succeed_pass(tmp_path: Path) -> None:
    assert judge(deleting(0, 8), tmp_path, "errors.deletes").status is Status.PASS


def test_a_deletion_that_fails_beside_a_fault_is_its_price(tmp_path: Path) -> None:
    run = deleting(1, 7)
    run.fault("kill-redis", 10.5, 35.0)
    assert judge(run, tmp_path, "errors.deletes").status is Status.PASS


def test_a_target_without_deletion_does_not_fail(tmp_path: Path) -> None:
    run = deleting(8, 0)
    for conversation in run.conversations:
        conversation.error = "the deletion ended fail: HTTP 405"
    history = run.history(tmp_path)
    foreign = replace(history, run=structs.replace(history.run, foreign=True))
    assert not [f for f in check_errors(foreign) if f.check == "errors.deletes"]
    assert [f for f in check_errors(history) if f.check == "errors.deletes"]


# Reads


def read_after(conversation: Conversation, waited: float, **values: Any) -> None:
    """The conversation's end is read back with success only so many seconds later."""
    conversation.audit(at=conversation.ended + waited, **values)


@pytest.mark.parametrize(("waited", "status"), [(0.1, "pass"), (6.0, "fail"), (20.0, "fail")])
def test_sessions_that_cannot_be_read_for_long_in_calm_fail(
    tmp_path: Path, waited: float, status: str
) -> None:
    run = busy(conversations=20)
    read_after(run.conversation(start=20.0).turn(), waited)
    read_after(run.conversation(start=20.0).turn(), waited)
    assert judge(run, tmp_path, "errors.reads").status == status


def test_one_session_that_could_not_be_read_leaves_it_open(tmp_path: Path) -> None:
    run = busy()
    run.conversation(start=20.0).turn().audit(status="unknown")
    finding = judge(run, tmp_path, "errors.reads")
    assert finding.status is Status.UNKNOWN
    assert "too few reads to tell" in finding.summary


def test_sessions_that_were_never_read_in_calm_fail(tmp_path: Path) -> None:
    run = busy(conversations=20)
    run.conversation(start=20.0).turn().audit(status="unknown")
    run.conversation(start=20.0).turn().audit(status="unknown")
    finding = judge(run, tmp_path, "errors.reads")
    assert finding.status is Status.FAIL
    assert finding.evidence[0].startswith("conversation 20: unknown")


@pytest.mark.parametrize("status", ["unknown", "found"])
def test_a_read_beside_a_fault_may_take_long(tmp_path: Path, status: str) -> None:
    run = busy(conversations=20)
    run.fault("freeze-redis", 21.0, 29.0)
    read_after(run.conversation(start=20.0).turn(), 12.0, status=status)
    assert judge(run, tmp_path, "errors.reads").status is Status.PASS


def read_again(run: Run, took: float) -> None:
    """Half a turn is in the session: as `Customer` does, it is read again and again, to 32 s later.

    Each repeated read has its answer so many seconds after it was asked for.
    """
    conversation = run.conversation(start=15.0).turn(attempts=2, unsure=1, error="reset")
    for waited in (0.1, 1.2, 2.8, 5.4, 12.5, 32.6):
        read_after(conversation, waited)
    first, *others = conversation.audits
    again = (structs.replace(each, asked=each.at, done=each.at + took) for each in others)
    conversation.audits = [first, *again]


@pytest.mark.parametrize(("took", "status"), [(0.1, "pass"), (5.5, "fail")])
def test_a_read_that_is_repeated_for_half_a_turn_is_timed_from_its_own_beginning(
    tmp_path: Path, took: float, status: str
) -> None:
    run = busy(conversations=20)
    for _ in range(3):
        read_again(run, took)
    assert judge(run, tmp_path, "errors.reads").status == status


# Losses as declared


def lost_as_declared(opened: float) -> Run:
    """Redis was killed at 20 s, and lost the writes acknowledged from 19.8 s on."""
    run = busy()
    run.fault("kill-redis", 20.0, 21.5, injected=20.02, server_lost_since=19.8)
    lost = run.conversation(start=opened - 0.05, planned=3, error="turn 0 ended fail")
    lost.turn(21.6, Outcome.FAIL, status=404, error="HTTP 404: session not found", took=0.1)
    lost.audit(status="gone")
    return run


def test_a_session_lost_within_the_declared_durability_is_no_error(tmp_path: Path) -> None:
    finding = judge(lost_as_declared(opened=19.95), tmp_path, "errors.rate")
    assert (finding.status, finding.value) == (Status.PASS, 0)
    assert "1 more found no session, lost as declared" in finding.summary


def test_a_session_that_was_durable_and_is_gone_is_an_error(tmp_path: Path) -> None:
    finding = judge(lost_as_declared(opened=15.0), tmp_path, "errors.rate")
    assert finding.value == pytest.approx(1 / 121)
    assert finding.status is not Status.PASS
