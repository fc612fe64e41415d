"""Whose session, and for how long: turns and sessions back from the dead, leaked, never sent, or
kept from the model; and the innocent neighbour of each.
"""

from __future__ import annotations

import pytest

from reports.records import Fate, HistoryItem, Outcome, digest
from tests.reports.a_run import TTL, Run, whole, witness
from tests.reports.convictions import Judge


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
    conversation = run.conversation().turn(attempts=2, unsure=1).audit()
    conversation.audit(at=conversation.ended + TTL + 1, when="expired")
    assert convictions(run) == {}


def test_a_session_that_only_refused_attempts_touched_has_to_be_gone(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn(attempts=2).audit()
    conversation.audit(at=conversation.ended + TTL + 1, when="expired")
    assert convictions(run) == {"resurrected": 1}


@pytest.mark.parametrize(
    ("error", "history", "convicted"),
    [
        ("opening the session: no complete response within 8 s", [], {}),
        ("opening the session: no complete response within 8 s", whole("c0t0"), {"resurrected": 1}),
        (None, [], {"resurrected": 1}),
    ],
)
def test_an_empty_session_that_a_forgotten_attempt_to_open_it_made_is_a_new_one(
    convictions: Judge, error: str | None, history: list[HistoryItem], convicted: dict[str, int]
) -> None:
    run = Run()
    conversation = run.conversation().turn(error=error).audit()
    conversation.audit(history, at=conversation.ended + TTL + 1, when="expired")
    assert convictions(run) == convicted


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


def test_a_reply_with_expired_context_is_resurrected(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn()
    conversation.turn(at=conversation.ended + TTL + 5).audit(whole("c0t1"))
    assert convictions(run) == {"resurrected": 1}


def test_the_turns_after_a_reply_with_expired_context_do_not_miss_theirs(
    convictions: Judge,
) -> None:
    run = Run()
    conversation = run.conversation().turn().turn()
    conversation.turn(at=conversation.ended + TTL + 5).turn().turn()
    conversation.audit(whole("c0t2", "c0t3", "c0t4"))
    assert convictions(run) == {"resurrected": 1}


def test_a_turn_may_not_be_missed_after_a_reply_with_expired_context(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn()
    conversation.turn(at=conversation.ended + TTL + 5).turn(seen=witness("c0t2"))
    conversation.audit(whole("c0t1", "c0t2"))
    assert convictions(run) == {"resurrected": 1, "context_missed": 1}


def test_a_session_that_began_anew_after_its_ttl_is_as_it_should_be(convictions: Judge) -> None:
    run = Run()
    conversation = run.conversation().turn()
    conversation.turn(at=conversation.ended + TTL + 5, seen=witness("c0t1")).audit(whole("c0t1"))
    assert convictions(run) == {}


def test_a_session_that_expired_while_the_service_was_down_may_be_opened_anew(
    convictions: Judge,
) -> None:
    run = Run()
    conversation = run.conversation().turn(at=10.0)
    told = 10.0 + TTL + 0.3
    seen = witness("c0t1")
    conversation.turn(at=10.0 + TTL - 2.0, took=2.6, attempts=1, reopened=told, seen=seen)
    conversation.audit(whole("c0t1"))
    assert convictions(run) == {}


def test_a_session_gone_within_its_ttl_is_lost_even_if_another_was_opened(
    convictions: Judge,
) -> None:
    run = Run()
    conversation = run.conversation().turn(at=10.0)
    seen = witness("c0t1")
    conversation.turn(at=15.0, took=2.6, attempts=1, reopened=17.0, seen=seen)
    conversation.audit(whole("c0t1"))
    assert convictions(run) == {"lost": 1}


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


def test_a_turn_that_was_never_sent_is_a_phantom(convictions: Judge) -> None:
    run = Run()
    run.conversation().turn().audit(whole("c0t0", "nobody"))
    assert convictions(run) == {"phantom": 1}


def test_a_message_without_a_turn_id_is_a_phantom(convictions: Judge) -> None:
    run = Run()
    stray = HistoryItem(None, "message", digest("hello"))
    run.conversation().turn().audit([*whole("c0t0"), stray])
    assert convictions(run) == {"phantom": 1}


def test_a_refused_turn_that_happened_is_a_phantom(convictions: Judge) -> None:
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
