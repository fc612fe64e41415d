"""The reach of an excuse: evidence that leaves a question open may be settled by other evidence."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from reports.measures.continuity.forgotten import PATIENCE_S
from reports.records import HistoryItem, Outcome, Status
from tests.reports.a_run import TTL, Conversation, Run, said, step, whole, witness
from tests.reports.convictions import Judge, findings

OPENED_LATE = "opening the session: no complete response within 8 s"


def retried(run: Run) -> Conversation:
    """A conversation whose first turn has an attempt of unknown outcome."""
    return run.conversation().turn(attempts=2, unsure=1)


def test_a_forgotten_attempt_excuses_no_session_that_lives_on_long_after_it(
    convictions: Judge,
) -> None:
    run = Run()
    talk = retried(run).turn(at=10.0 + PATIENCE_S + 12.0).audit()
    talk.audit(at=talk.ended + TTL + 1, when="expired")
    assert convictions(run) == {"resurrected": 1}


def test_a_forgotten_attempt_does_not_excuse_a_reply_with_expired_context(
    convictions: Judge,
) -> None:
    run = Run()
    talk = retried(run)
    talk.turn(at=talk.ended + PATIENCE_S + TTL + 1).audit(whole("c0t1"))
    assert convictions(run) == {"resurrected": 1}


def test_a_fault_may_hold_up_a_forgotten_attempt_until_it_is_healed(convictions: Judge) -> None:
    run = Run()
    run.fault("freeze-replica", 9.0, 25.0)
    talk = retried(run).turn(at=20.0).audit()
    talk.audit(at=talk.ended + TTL + 4, when="expired")
    assert convictions(run) == {}


def test_a_session_that_a_forgotten_attempt_may_have_kept_alive_proves_nothing(
    tmp_path: Path,
) -> None:
    run = Run()
    run.sound()
    talk = Conversation(1, 10.0)
    run.conversations.append(talk)
    talk.turn(attempts=2, unsure=1).audit()
    talk.audit(at=talk.ended + TTL + 1, when="expired")
    resurrected = findings(run, tmp_path)["resurrected"]
    assert resurrected.status is Status.UNKNOWN
    assert "conversation 1" in resurrected.evidence[0]


def test_a_session_that_is_gone_one_ttl_later_was_kept_alive_and_no_more(tmp_path: Path) -> None:
    run = Run()
    talk = retried(run).audit()
    read = talk.ended + TTL + 1
    talk.audit(at=read, when="expired")
    talk.audit(at=read + TTL + 1, when="expired", status="gone")
    assert findings(run, tmp_path)["resurrected"].status is Status.PASS


def test_a_session_that_is_still_there_one_ttl_later_is_resurrected(convictions: Judge) -> None:
    run = Run()
    talk = retried(run).audit()
    read = talk.ended + TTL + 1
    talk.audit(at=read, when="expired").audit(at=read + TTL + 1, when="expired")
    assert convictions(run) == {"resurrected": 1}


def test_a_session_that_was_gone_and_is_there_again_is_resurrected(convictions: Judge) -> None:
    run = Run()
    talk = run.conversation().turn(took=2.0)
    at = talk.turns[0].sent + TTL + 0.5
    talk.audit(status="gone", at=at).audit(at=at + 0.5)
    assert convictions(run) == {"resurrected": 1}


def test_an_empty_session_after_the_deletion_is_never_go(tmp_path: Path) -> None:
    run = Run()
    talk = run.conversation(deleted=12.0).turn(error=OPENED_LATE).audit()
    talk.audit([], at=12.5, when="expired")
    assert findings(run, tmp_path)["resurrected"].status is Status.UNKNOWN


def test_a_session_read_in_the_microsecond_of_its_deletion_is_read_after_it(
    convictions: Judge,
) -> None:
    run = Run()
    run.conversation(deleted=12.0).turn().audit().audit(at=12.0, when="expired", status="gone")
    assert convictions(run) == {}


def test_a_session_whose_deletion_may_have_happened_may_be_gone(convictions: Judge) -> None:
    run = Run()
    talk = run.conversation(error="the deletion ended info: timed out").turn().audit()
    talk.audit(at=talk.ended + 9, when="expired", status="gone")
    assert convictions(run) == {}


def test_a_history_that_the_model_was_shown_at_the_edge_of_the_ttl_must_stay(
    convictions: Judge,
) -> None:
    run = Run()
    talk = run.conversation().turn(took=2.0)
    at = talk.turns[0].sent + TTL - 0.1
    talk.turn(at=at, seen=witness("c0t0", "c0t1")).audit(whole("c0t1"))
    assert convictions(run) == {"lost": 1}


def test_a_history_that_began_anew_for_the_model_must_not_come_back(convictions: Judge) -> None:
    run = Run()
    talk = run.conversation().turn(took=2.0)
    at = talk.turns[0].sent + TTL - 0.1
    talk.turn(at=at, seen=witness("c0t1")).audit(whole("c0t0", "c0t1"))
    assert convictions(run) == {"resurrected": 1}


def killed(run: Run, **saw: float) -> Conversation:
    """A conversation whose second turn is acknowledged just before Redis is killed."""
    run.fault("kill-redis", 20.0, 22.0, injected=20.02, **saw)
    return run.conversation(start=5.0).turn(at=5.0).turn(at=19.9)


def test_a_turn_shown_to_the_model_after_redis_died_was_not_lost(
    convictions: Judge,
) -> None:
    run = Run()
    talk = killed(run, server_lost_since=19.5).turn(at=25.0).turn(at=26.0)
    talk.audit(whole("c0t0", "c0t2", "c0t3"))
    assert convictions(run) == {"lost": 1}


def test_a_turn_read_back_after_redis_died_was_not_lost(
    convictions: Judge,
) -> None:
    run = Run()
    talk = killed(run, server_lost_since=19.5).turn(at=25.0, seen=None)
    talk.audit().audit(whole("c0t0", "c0t2"), at=28.0)
    assert convictions(run) == {"lost": 1}


def test_a_turn_shown_to_the_model_before_redis_died_may_be_lost(
    convictions: Judge, tmp_path: Path
) -> None:
    run = Run()
    run.fault("kill-redis", 20.0, 22.0, injected=20.02, server_lost_since=19.0)
    talk = run.conversation(start=5.0).turn(at=5.0).turn(at=19.2).turn(at=19.7)
    talk.turn(at=25.0, seen=witness("c0t0", "c0t3")).audit(whole("c0t0", "c0t3"))
    assert convictions(run) == {}
    assert findings(run, tmp_path)["within_durability"].value == 2


def test_an_unexplained_loss_is_not_go(convictions: Judge, tmp_path: Path) -> None:
    run = Run()
    talk = killed(run, server_kept_until=20.01)
    talk.turn(at=25.0, seen=witness("c0t0", "c0t2")).audit(whole("c0t0", "c0t2"))
    assert convictions(run) == {}
    found = findings(run, tmp_path)
    assert found["lost"].status is Status.UNKNOWN
    assert "neither to lose nor to keep" in found["lost"].evidence[0]
    assert "within_durability" not in found


def test_two_reads_count_a_declared_loss_once(tmp_path: Path) -> None:
    run = Run()
    kept = whole("c0t0")
    killed(run, server_lost_since=19.5).audit(kept, at=25.0).audit(kept, at=26.0)
    assert findings(run, tmp_path)["within_durability"].value == 1


@pytest.mark.parametrize("half", [[said("c0t1")], [said("c0t1"), step("c0t1")]])
@pytest.mark.parametrize(
    ("rest", "status"),
    [
        (None, Status.UNKNOWN),
        (whole("c0t0"), Status.PASS),
        (whole("c0t0", "c0t1"), Status.PASS),
    ],
)
def test_a_turn_that_may_still_be_written_is_read_again(
    tmp_path: Path, half: list[HistoryItem], rest: list[HistoryItem] | None, status: Status
) -> None:
    run = Run()
    talk = run.conversation().turn().turn(outcome=Outcome.INFO, unsure=1)
    talk.audit([*whole("c0t0"), *half])
    if rest is not None:
        talk.audit(rest, at=talk.ended + 5)
    found = findings(run, tmp_path)
    assert found["half_turn"].status is status
    assert found["truncated"].status is Status.PASS


def test_a_turn_that_stays_a_half_is_a_half_turn(convictions: Judge) -> None:
    run = Run()
    talk = run.conversation().turn().turn(outcome=Outcome.INFO, unsure=1)
    half = [*whole("c0t0"), said("c0t1")]
    talk.audit(half).audit(half, at=talk.ended + PATIENCE_S + 1)
    assert convictions(run) == {"half_turn": 1}


@pytest.mark.parametrize("named", [0, 190])
def test_reads_without_an_owner_neither_prove_nor_exclude_a_leak(
    tmp_path: Path, named: int
) -> None:
    run = Run()
    for number in range(200):
        talk = run.conversation().turn()
        talk.audit()
        if number >= named:
            talk.audits[0] = msgspec.structs.replace(talk.audits[0], user=None)
    assert findings(run, tmp_path)["leaked"].status is Status.UNKNOWN


@pytest.mark.parametrize(("asked", "status"), [(True, Status.UNKNOWN), (False, Status.FAIL)])
def test_a_read_that_had_to_be_sent_again_may_have_kept_the_session_alive(
    tmp_path: Path, asked: bool, status: Status
) -> None:
    run = Run()
    talk = run.conversation().turn()
    talk.audit(at=talk.ended + 0.05)
    asked_again = talk.ended + 0.02 if asked else None
    talk.audits[0] = msgspec.structs.replace(talk.audits[0], asked=asked_again)
    talk.audit(at=talk.ended + 0.1 + TTL + 1.0, when="expired")
    assert findings(run, tmp_path)["resurrected"].status is status


@pytest.mark.parametrize(("unsure", "convicted"), [(1, {}), (0, {"reordered": 1})])
def test_a_turn_that_was_lost_as_declared_may_be_brought_back_by_another_attempt(
    convictions: Judge, unsure: int, convicted: dict[str, int]
) -> None:
    run = Run()
    run.fault("kill-redis", 20.0, 22.0, injected=20.02, server_lost_since=19.5)
    talk = run.conversation(start=5.0).turn(at=5.0).turn(at=19.7, unsure=unsure)
    talk.turn(at=23.0, seen=witness("c0t0", "c0t2"))
    talk.turn(at=26.0, seen=witness("c0t0", "c0t2", "c0t1", "c0t3"))
    talk.audit(whole("c0t0", "c0t2", "c0t1", "c0t3"))
    assert convictions(run) == convicted


@pytest.mark.parametrize(("lost_since", "convicted"), [(11.9, {}), (12.2, {"resurrected": 1})])
def test_a_deletion_may_be_lost_as_declared(
    convictions: Judge, tmp_path: Path, lost_since: float, convicted: dict[str, int]
) -> None:
    run = Run()
    run.fault("kill-redis", 12.1, 14.0, injected=12.12, server_lost_since=lost_since)
    talk = run.conversation(deleted=12.0).turn().audit()
    talk.audit(at=14.5, when="expired")
    assert convictions(run) == convicted
    assert ("within_durability" in findings(run, tmp_path)) == (not convicted)
