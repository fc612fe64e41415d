from __future__ import annotations

import dataclasses
import json
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtests.arrivals.conversation import ConversationPlan, Ending, turn_id
from loadtests.customers.customer import Customer
from loadtests.customers.turn import CustomerContext
from loadtests.generator.generator_stats import GeneratorStats
from loadtests.profiles.profile import Profile
from reports.records import (
    FILES,
    AuditRecord,
    ConversationRecord,
    Fate,
    Outcome,
    RecordWriter,
    TurnRecord,
    digest,
    from_json,
)
from tests.loadtests.conftest import Bench
from tests.loadtests.scripted_server import CLOSE, HANG, Step, agent_reply, reply, text_event

WHOLE = agent_reply(text_event("On its way."))
CREATED = reply(200, b"{}")
SESSION = reply(200, json.dumps({"userId": "u", "events": []}).encode())


class Played:
    """The records of one customer."""

    def __init__(self, bench: Bench, run_dir: Path) -> None:
        self.bench, self._run_dir = bench, run_dir
        self.turns: list[TurnRecord] = self._read(TurnRecord)
        self.audits: list[AuditRecord] = self._read(AuditRecord)
        (self.conversation,) = self._conversations()

    def _read(self, kind: type[Any]) -> list[Any]:
        path = self._run_dir / FILES[kind]
        return (
            [from_json(kind, line) for line in path.read_bytes().splitlines()]
            if (path.exists())
            else []
        )

    def _conversations(self) -> list[ConversationRecord]:
        return self._read(ConversationRecord)

    @property
    def asked(self) -> list[str]:
        """Method and last part of the path of every request."""
        return [f"{r.method} {r.path.rpartition('/')[2]}" for r in self.bench.server.requests]


Play = Callable[..., Played]


@pytest.fixture
def play(
    bench: Callable[..., Bench], smoke: Profile, plan: ConversationPlan, tmp_path: Path
) -> Play:
    """`play(*steps, ending=...)`: a customer of three turns against those steps."""

    def run(*steps: Step, ending: Ending = Ending.COMPLETE, ttl: float = math.inf) -> Played:
        started = bench(*steps)
        with RecordWriter(tmp_path) as writer:
            context = CustomerContext(
                started.service, started.clock, writer, smoke.conversation, ttl
            )
            chosen = dataclasses.replace(plan, ending=ending)
            Customer(chosen, started.clock.now(), context, GeneratorStats()).play()
        return Played(started, tmp_path)

    return run


def test_a_conversation_opens_talks_and_is_read_back(play: Play, plan: ConversationPlan) -> None:
    played = play(CREATED, WHOLE, WHOLE, WHOLE, SESSION)
    assert played.asked == [
        "POST sessions",
        "POST run",
        "POST run",
        "POST run",
        f"GET {plan.session}",
    ]
    assert [turn.outcome for turn in played.turns] == [Outcome.OK] * 3
    assert [turn.message for turn in played.turns] == [digest(text) for text in plan.messages]
    assert {turn.reply for turn in played.turns} == {digest("On its way.")}
    assert played.conversation.fate is Fate.OFFERED
    assert played.conversation.error is None
    assert [(audit.when, audit.status) for audit in played.audits] == [("end", "found")]


def test_a_later_turn_is_due_one_think_time_after_the_reply(
    play: Play, plan: ConversationPlan
) -> None:
    turns = play(CREATED, WHOLE, WHOLE, WHOLE, SESSION).turns
    for number in (1, 2):
        think = turns[number].due - turns[number - 1].done
        assert think == pytest.approx(plan.think_seconds[number - 1], abs=1e-5)
        assert turns[number].sent >= turns[number].due


def test_a_retry_carries_the_same_turn_id_and_keeps_the_error(play: Play) -> None:
    promise = reply(503, x_diya_outcome="not-run")
    played = play(CREATED, promise, CLOSE, WHOLE, WHOLE, WHOLE, SESSION)
    turn = played.turns[0]
    bodies = [request.json for request in played.bench.server.requests[1:4]]
    assert {body["customMetadata"]["turn_id"] for body in bodies} == {turn.turn_id}
    assert bodies[0] == bodies[1] == bodies[2]
    assert (turn.outcome, turn.attempts, turn.status) == (Outcome.OK, 3, 200)
    assert turn.error == "connection closed without a response"
    ids = {turn.turn_id for turn in played.turns}
    assert len(ids) == 3


def test_one_attempt_of_unknown_end_leaves_the_turn_unknown(play: Play) -> None:
    played = play(CREATED, CLOSE, reply(404, b"Session not found"), SESSION)
    turn = played.turns[0]
    assert (turn.outcome, turn.attempts, turn.status) == (Outcome.INFO, 2, 404)


def test_refusals_alone_are_a_failure(play: Play) -> None:
    played = play(CREATED, reply(409), reply(404, b"Session not found"), SESSION)
    turn = played.turns[0]
    assert (turn.outcome, turn.attempts, turn.reply) == (Outcome.FAIL, 2, None)


def test_a_customer_whose_turn_fails_gives_up_but_is_still_read_back(play: Play) -> None:
    played = play(CREATED, WHOLE, reply(404, b"Session not found"), reply(404))
    assert [turn.outcome for turn in played.turns] == [Outcome.OK, Outcome.FAIL]
    assert played.conversation.fate is Fate.OFFERED
    assert played.conversation.error is not None
    assert "turn 1 ended fail: HTTP 404" in played.conversation.error
    assert [(audit.when, audit.status) for audit in played.audits] == [("end", "gone")]


def test_a_service_that_stays_broken_is_given_up_at_the_deadline(
    play: Play, smoke: Profile
) -> None:
    played = play(CREATED, *[reply(500)] * 100)
    turn = played.turns[0]
    assert turn.outcome is Outcome.INFO
    assert turn.attempts > 3
    assert turn.latency <= smoke.conversation.deadline_s + 10
    assert played.audits[0].status == "unknown"


def test_retry_after_is_honoured_up_to_a_second(play: Play) -> None:
    later = reply(409, b"busy", Retry_After="30")
    turn = play(CREATED, later, WHOLE, WHOLE, WHOLE, SESSION).turns[0]
    assert turn.outcome is Outcome.OK
    assert 1.0 <= turn.latency < 5


def test_a_session_created_by_a_lost_attempt_is_the_customers_own(play: Play) -> None:
    played = play(CLOSE, reply(409), WHOLE, WHOLE, WHOLE, SESSION)
    assert played.conversation.opened is not None
    assert [turn.outcome for turn in played.turns] == [Outcome.OK] * 3


def test_a_session_that_exists_after_refusals_alone_is_not_the_customers_own(play: Play) -> None:
    promise = reply(503, x_diya_outcome="not-run")
    played = play(promise, reply(409))
    assert played.conversation.opened is None


def test_without_a_session_the_first_turn_fails_unsent(play: Play) -> None:
    played = play(reply(422, b"no such app"))
    (turn,) = played.turns
    # With an id of ours, with a UUID and without an id: the words could be about the id.
    assert (turn.outcome, turn.attempts) == (Outcome.FAIL, 3)
    assert turn.error == "opening the session: HTTP 422: no such app"
    assert played.conversation.opened is None
    assert played.asked == ["POST sessions"] * 3
    assert played.audits == []


def test_opening_the_session_counts_in_the_first_turns_latency(play: Play) -> None:
    turn = play(reply(503), CREATED, WHOLE, WHOLE, WHOLE, SESSION).turns[0]
    assert turn.sent > turn.due
    assert (turn.outcome, turn.error) == (Outcome.OK, "opening the session: HTTP 503")


def test_a_deleted_conversation_is_read_before_and_after(
    play: Play, plan: ConversationPlan
) -> None:
    played = play(
        CREATED, WHOLE, WHOLE, WHOLE, SESSION, reply(200), reply(404), ending=Ending.DELETED
    )
    session = plan.session
    assert played.asked[-3:] == [f"GET {session}", f"DELETE {session}", f"GET {session}"]
    assert [(audit.when, audit.status) for audit in played.audits] == [
        ("end", "found"),
        ("expired", "gone"),
    ]
    assert played.conversation.deleted is not None


def test_a_deletion_found_done_after_a_lost_attempt_counts(play: Play) -> None:
    steps = (CREATED, WHOLE, WHOLE, WHOLE, SESSION, CLOSE, reply(404))
    assert play(*steps, ending=Ending.DELETED).conversation.deleted is not None


def test_an_abandoned_conversation_is_read_back_and_left_alone(play: Play) -> None:
    played = play(CREATED, WHOLE, WHOLE, WHOLE, SESSION, ending=Ending.ABANDONED)
    assert not any(request.startswith("DELETE") for request in played.asked)
    assert played.conversation.deleted is None


def test_a_customer_back_after_the_ttl_opens_another_session(
    play: Play, plan: ConversationPlan
) -> None:
    gone = reply(404, b"Session not found")
    played = play(CREATED, WHOLE, gone, CREATED, WHOLE, WHOLE, SESSION, ttl=0.0)
    assert [turn.outcome for turn in played.turns] == [Outcome.OK] * 3
    first, back, last = played.turns
    assert first.reopened is last.reopened is None
    assert back.reopened is not None
    assert back.sent < back.reopened < back.done
    assert (back.attempts, back.error) == (1, None)
    opened = [
        r.json["sessionId"] for r in played.bench.server.requests if "sessions" in r.path[-9:]
    ]
    assert opened == [plan.session, f"{plan.session}-2"]
    assert played.conversation.session == f"{plan.session}-2"
    assert played.asked[-1] == f"GET {plan.session}-2"


def test_a_session_that_expired_while_the_service_did_not_answer_is_opened_anew(
    play: Play,
) -> None:
    down = reply(503, b"", **{"Retry-After": "1", "x-diya-outcome": "not-run"})
    gone = reply(404, b"Session not found")
    played = play(CREATED, WHOLE, down, gone, CREATED, WHOLE, WHOLE, SESSION, ttl=0.9)
    assert [turn.outcome for turn in played.turns] == [Outcome.OK] * 3
    first, back, _ = played.turns
    assert back.sent - first.sent < 0.9
    assert back.reopened is not None
    assert back.reopened - first.sent >= 0.9


def test_an_attempt_of_unknown_end_did_nothing_in_a_session_that_had_expired(play: Play) -> None:
    gone = reply(404, b"Session not found")
    played = play(CREATED, WHOLE, CLOSE, gone, CREATED, WHOLE, WHOLE, SESSION, ttl=0.0)
    assert [turn.outcome for turn in played.turns] == [Outcome.OK] * 3
    assert played.turns[1].reopened is not None


def test_a_confirmation_is_given_within_the_turn(play: Play) -> None:
    call = {"functionCall": {"name": "adk_request_confirmation", "id": "call-1"}}
    asks = agent_reply(
        {"author": "agent", "content": {"parts": [call]}, "longRunningToolIds": ["call-1"]}
    )
    played = play(CREATED, asks, WHOLE, WHOLE, WHOLE, SESSION)
    first = played.turns[0]
    assert (first.outcome, first.attempts, first.reply) == (Outcome.OK, 1, digest("On its way."))
    ids = [r.json["customMetadata"]["turn_id"] for r in played.bench.server.requests[1:4]]
    assert ids == [first.turn_id, f"{first.turn_id}+1", played.turns[1].turn_id]


def test_how_many_attempts_may_have_happened_is_recorded(play: Play) -> None:
    played = play(CREATED, CLOSE, reply(409, b"busy"), CLOSE, WHOLE, WHOLE, WHOLE, SESSION)
    assert [turn.unsure for turn in played.turns] == [2, 0, 0]


def test_a_customer_cut_off_while_opening_a_session_keeps_the_whole_deadline(
    bench: Callable[..., Bench], smoke: Profile, plan: ConversationPlan, tmp_path: Path
) -> None:
    started = bench(HANG, CREATED, WHOLE, WHOLE, WHOLE, SESSION)
    limits = dataclasses.replace(smoke.conversation, attempt_timeout_s=1.5, deadline_s=2.5)
    with RecordWriter(tmp_path) as writer:
        context = CustomerContext(started.service, started.clock, writer, limits)
        customer = Customer(plan, started.clock.now(), context, GeneratorStats())
        # Back after the deadline, if that had not waited.
        cut = threading.Timer(0.2, lambda: customer.cut_off(started.clock.now() + 3.0))
        cut.start()
        customer.play()
        cut.join()
    first = Played(started, tmp_path).turns[0]
    assert (first.outcome, first.attempts) == (Outcome.OK, 1), first.error
    assert first.sent - first.due >= 3.1


def _session(plan: ConversationPlan, *kinds: str) -> Step:
    """A session that holds, of the first turn, a message, a reply, or both."""
    events = {
        "message": {"author": "user", "content": {"parts": [{"text": "Where is it?"}]}},
        "reply": text_event("On its way."),
    }
    first = turn_id(plan.index, 0)
    named = [{**events[kind], "customMetadata": {"turn_id": first}} for kind in kinds]
    return reply(200, json.dumps({"userId": "u", "events": named}).encode())


def test_half_a_turn_of_an_attempt_that_may_still_be_running_is_read_again(
    play: Play, plan: ConversationPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadtests.customers.customer.READ_AGAIN_S", (0.01, 0.01, 0.01))
    half, whole = _session(plan, "message"), _session(plan, "message", "reply")
    played = play(CREATED, CLOSE, WHOLE, WHOLE, WHOLE, half, half, whole)
    assert played.turns[0].unsure == 1
    assert [len(audit.history) for audit in played.audits] == [1, 1, 2]


def test_half_a_turn_of_which_every_attempt_has_ended_is_read_once(
    play: Play, plan: ConversationPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadtests.customers.customer.READ_AGAIN_S", (0.01, 0.01, 0.01))
    played = play(CREATED, WHOLE, WHOLE, WHOLE, _session(plan, "message"))
    assert len(played.audits) == 1


def test_a_text_stored_otherwise_is_compared_with_the_customers_own(
    play: Play, plan: ConversationPlan
) -> None:
    stored = [
        {**text_event(text), "customMetadata": {"turn_id": turn_id(plan.index, 0)}}
        for text in ("On its [word].", "On its way.")
    ]
    session = reply(200, json.dumps({"userId": "u", "events": stored}).encode())
    (audit,) = play(CREATED, WHOLE, WHOLE, WHOLE, session).audits
    (found,) = audit.likeness or ()
    assert (found.digest, found.kind) == (digest("On its [word]."), "reply")
    assert (found.stored, found.sent, found.kept, found.begins) == (3, 3, 2, 2)
