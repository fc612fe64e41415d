from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest

from chaos.fleet.ports import free_port
from loadtests.adk.access import Access, FixedToken
from loadtests.adk.client import Client
from loadtests.adk.service import Service
from loadtests.adk.session_ids import IdForm, in_form
from loadtests.arrivals.conversation import ConversationPlan
from reports.records import Outcome, RunClock, digest
from tests.loadtests.conftest import Bench
from tests.loadtests.scripted_server import (
    CLOSE,
    HANG,
    RESET,
    Step,
    agent_reply,
    cut_off,
    reply,
    serving,
    stream,
    text_event,
)

StartBench = Callable[..., Bench]

PARTIAL = text_event("On its", partial=True)
WHOLE = text_event("On its way.")
CALL = {"author": "agent", "content": {"parts": [{"functionCall": {"name": "track"}}]}}
RESULT = {"author": "agent", "content": {"parts": [{"functionResponse": {"name": "track"}}]}}


def unframed(*events: Any) -> Step:
    """A stream that ends with its connection, as HTTP/1.0 has it."""
    lines = b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events)
    return Step((b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + lines,), "close")


PLAIN = [
    # the service's answer, the outcome of the attempt, whether a retry can help
    ("a complete reply", agent_reply(WHOLE), Outcome.OK, True),
    ("an agent that says nothing", agent_reply(), Outcome.OK, True),
    ("an agent that has nothing to add", agent_reply(CALL, RESULT), Outcome.OK, True),
    ("a call without its result", agent_reply(CALL), Outcome.INFO, True),
    ("an error event", agent_reply(text_event("", errorCode="RATE")), Outcome.INFO, False),
    ("not JSON", reply(200, b"<html>"), Outcome.INFO, True),
    ("a reply cut off", cut_off(200, b"["), Outcome.INFO, True),
    ("500", reply(500, b"oops"), Outcome.INFO, True),
    ("502", reply(502), Outcome.INFO, True),
    ("503 of a balancer", reply(503, b"no healthy upstream"), Outcome.INFO, True),
    ("503 that promises", reply(503, x_diya_outcome="not-run"), Outcome.FAIL, True),
    ("503 with another promise", reply(503, x_diya_outcome="unknown"), Outcome.INFO, True),
    ("409, another turn runs", reply(409, b"busy", Retry_After="1"), Outcome.FAIL, True),
    ("404, no such session", reply(404, b"Session not found"), Outcome.FAIL, False),
    ("422", reply(422), Outcome.FAIL, False),
    ("429", reply(429), Outcome.FAIL, True),
    ("a redirect", reply(307, Location="http://127.0.0.1:9/run"), Outcome.FAIL, False),
    ("closed without a word", CLOSE, Outcome.INFO, True),
    ("reset", RESET, Outcome.INFO, True),
    ("silence", HANG, Outcome.INFO, True),
]

STREAMED = [
    ("a complete reply", stream(PARTIAL, WHOLE), Outcome.OK),
    ("an agent that has nothing to add", stream(CALL, RESULT), Outcome.OK),
    ("cut off before its last event", stream(CALL, RESULT, complete=False), Outcome.INFO),
    ("a reply that ends with its connection", unframed(PARTIAL, WHOLE), Outcome.OK),
    ("perhaps cut off, nobody can tell", unframed(CALL, RESULT), Outcome.INFO),
    ("no whole event", stream(PARTIAL), Outcome.INFO),
    ("no events", stream(), Outcome.INFO),
    ("cut off before the reply", stream(PARTIAL, complete=False), Outcome.INFO),
    ("cut off after the reply", stream(PARTIAL, WHOLE, complete=False), Outcome.INFO),
    ("an error event", stream(PARTIAL, {"error": "lost"}), Outcome.INFO),
    ("404", reply(404, b"Session not found"), Outcome.FAIL),
    ("500", reply(500), Outcome.INFO),
    ("closed without a word", CLOSE, Outcome.INFO),
    ("silence", HANG, Outcome.INFO),
]


def _of(rows: list[tuple[str, Step, Outcome, bool]] | list[tuple[str, Step, Outcome]]) -> list[str]:
    return [row[0] for row in rows]


@pytest.mark.parametrize(("name", "step", "outcome", "retry"), PLAIN, ids=_of(PLAIN))
def test_the_outcome_of_a_plain_turn_follows_from_the_answer(
    bench: StartBench,
    plan: ConversationPlan,
    name: str,
    step: Step,
    outcome: Outcome,
    retry: bool,
) -> None:
    context = bench(step)
    attempt = context.service.run_turn(plan, "Where?", "c1t0", 0.3)
    assert (attempt.outcome, attempt.retry) == (outcome, retry)
    assert (attempt.error is None) == (outcome is Outcome.OK)
    assert context.observed == [(f"{plan.journey} /run", attempt.error)]
    assert len(context.server.requests) == 1, "a request was sent again behind our back"


@pytest.mark.parametrize(("name", "step", "outcome"), STREAMED, ids=_of(STREAMED))
def test_the_outcome_of_a_streamed_turn_follows_from_the_answer(
    bench: StartBench, plan: ConversationPlan, name: str, step: Step, outcome: Outcome
) -> None:
    context = bench(step)
    streaming = dataclasses.replace(plan, streaming=True)
    attempt = context.service.run_turn(streaming, "Where?", "c1t0", 0.8)
    assert attempt.outcome is outcome
    assert context.observed == [(f"{plan.journey} /run_sse", attempt.error)]
    assert len(context.server.requests) == 1, "a request was sent again behind our back"


def test_a_turn_request_names_user_session_and_turn_and_gets_the_reply(
    bench: StartBench, plan: ConversationPlan
) -> None:
    context = bench(agent_reply(WHOLE))
    attempt = context.service.run_turn(plan, "Kab aayega? ₹", "c1t0", 1)
    request = context.server.requests[0]
    assert (request.method, request.path) == ("POST", "/run")
    assert request.json == {
        "appName": "shopmax",
        "userId": plan.user,
        "sessionId": plan.session,
        "newMessage": {"role": "user", "parts": [{"text": "Kab aayega? ₹"}]},
        "customMetadata": {"turn_id": "c1t0"},
    }
    assert attempt.reply is not None
    assert attempt.reply.digest == digest("On its way.")
    assert attempt.answer.replica == "r07"
    assert attempt.first_token is None


def test_the_first_token_is_timed_when_it_arrives_not_when_the_stream_ends(
    bench: StartBench, plan: ConversationPlan
) -> None:
    # The server pauses 0.2 s before each event: head, partial, partial, whole, end.
    context = bench(stream(PARTIAL, PARTIAL, WHOLE))
    streaming = dataclasses.replace(plan, streaming=True)
    begun = context.clock.now()
    attempt = context.service.run_turn(streaming, "Where?", "c1t0", 5)
    took = context.clock.now() - begun
    assert context.server.requests[0].json["streaming"] is True
    assert attempt.first_token is not None
    first = attempt.first_token - begun
    assert 0.2 <= first < took - 0.3, "three pauses come after it"


def test_a_refused_connection_certainly_did_not_happen(plan: ConversationPlan) -> None:
    client = Client(f"http://127.0.0.1:{free_port()}", connections=1)
    service = Service(client, "shopmax", RunClock(time.time()), lambda *_: None)
    attempt = service.run_turn(plan, "Where?", "c1t0", 1)
    assert attempt.outcome is Outcome.FAIL
    assert attempt.retry
    assert attempt.error == "not sent: Connection refused"


def test_a_connection_that_the_server_closed_while_idle_is_not_used_again(
    bench: StartBench, plan: ConversationPlan
) -> None:
    closing = dataclasses.replace(agent_reply(WHOLE), then="close")
    context = bench(closing)
    for _ in range(5):
        assert context.service.run_turn(plan, "Where?", "c1t0", 1).outcome is Outcome.OK
        time.sleep(0.01)
    assert len(context.server.requests) == 5


def test_failed_requests_give_their_connections_back(
    bench: StartBench, plan: ConversationPlan
) -> None:
    context = bench(CLOSE, RESET, cut_off(200, b"["), reply(500), CLOSE, RESET, agent_reply(WHOLE))
    outcomes = [context.service.run_turn(plan, "Where?", "c1t0", 1).outcome for _ in range(7)]
    assert outcomes == [Outcome.INFO] * 6 + [Outcome.OK]


def test_opening_a_session_sends_the_generators_id(
    bench: StartBench, plan: ConversationPlan
) -> None:
    context = bench(reply(200, b"{}"))
    attempt = context.service.open_session(plan, 1, maybe_open=False)
    assert attempt.outcome is Outcome.OK
    request = context.server.requests[0]
    assert (request.method, request.path) == ("POST", f"/apps/shopmax/users/{plan.user}/sessions")
    assert request.json == {"sessionId": plan.session}


def test_an_existing_session_is_own_only_after_an_attempt_of_unknown_end(
    bench: StartBench, plan: ConversationPlan
) -> None:
    context = bench(reply(409))
    assert context.service.open_session(plan, 1, maybe_open=True).outcome is Outcome.OK
    foreign = context.service.open_session(plan, 1, maybe_open=False)
    assert (foreign.outcome, foreign.retry) == (Outcome.FAIL, False)


def test_a_session_read_as_gone_is_an_answer_not_an_error(
    bench: StartBench, plan: ConversationPlan
) -> None:
    context = bench(reply(404, json.dumps({"detail": "Session not found"}).encode()))
    attempt = context.service.read_session(plan, 1)
    assert (attempt.outcome, attempt.retry) == (Outcome.FAIL, False)
    assert context.observed == [("audit", None)]


@pytest.mark.parametrize(
    "target",
    [
        "127.0.0.1:8000",
        "ftp://x",
        "http://",
        "",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
        "http://[::1",
        "http://127.0.0.1/my agent",
        "http://127.0.0.1/मेरा",
    ],
)
def test_a_target_that_is_no_address_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="must be http://HOST:PORT"):
        Client(target, connections=1)


def test_a_service_may_choose_its_own_session_ids(
    bench: StartBench, plan: ConversationPlan
) -> None:
    refusal = reply(400, b'{"detail": "User-provided Session id is not supported"}')
    context = bench(refusal, refusal, reply(200, b'{"id": "s-1"}'), reply(200, b'{"id": "s-2"}'))
    for _ in range(2):
        refused = context.service.open_session(plan, 1, maybe_open=False)
        assert (refused.outcome, refused.retry) == (Outcome.FAIL, True)
    opened = [context.service.open_session(plan, 1, maybe_open=False).session for _ in range(2)]
    assert opened == ["s-1", "s-2"]
    assert [request.json for request in context.server.requests] == [
        {"sessionId": plan.session},
        {"sessionId": in_form(IdForm.UUID, plan.session)},
        {},
        {},
    ]


IDS = b'{"detail": "session_id: not now"}'


@pytest.mark.parametrize("status", [400, 500])
def test_a_later_error_does_not_change_how_ids_are_chosen(
    bench: StartBench, plan: ConversationPlan, status: int
) -> None:
    created = reply(200, json.dumps({"id": plan.session}).encode())
    context = bench(created, reply(status, IDS), created)
    attempts = [context.service.open_session(plan, 1, maybe_open=False) for _ in range(3)]
    assert [attempt.session for attempt in attempts] == [plan.session, None, plan.session]
    assert attempts[1].outcome is (Outcome.FAIL if status == 400 else Outcome.INFO)
    assert attempts[1].retry == (status == 500)
    chosen = {"sessionId": plan.session}
    assert [request.json for request in context.server.requests] == [chosen] * 3


def test_an_error_that_speaks_of_ids_is_a_refusal_once_a_session_without_one_opens(
    bench: StartBench, plan: ConversationPlan
) -> None:
    refusal = reply(500, IDS)
    context = bench(refusal, refusal, reply(200, b'{"id": "s/1"}'), reply(200, b'{"id": "s 2"}'))
    for _ in range(2):
        doubtful = context.service.open_session(plan, 1, maybe_open=False)
        assert (doubtful.outcome, doubtful.retry) == (Outcome.INFO, True)
    opened = [context.service.open_session(plan, 1, maybe_open=True).session for _ in range(2)]
    assert opened == ["s/1", "s 2"]
    forms = (IdForm.CONVERSATION, IdForm.UUID)
    asked = [{"sessionId": in_form(form, plan.session)} for form in forms]
    assert [r.json for r in context.server.requests] == [*asked, {}, {}]
    context.service.read_session(dataclasses.replace(plan, session="s/1"), 1)
    assert context.server.requests[-1].path.endswith("/sessions/s%2F1")


def test_an_error_that_speaks_of_ids_is_no_refusal_while_no_session_opens_at_all(
    bench: StartBench, plan: ConversationPlan
) -> None:
    created = reply(200, json.dumps({"id": plan.session}).encode())
    context = bench(reply(500, IDS), reply(500, IDS), reply(500, IDS), created, created)
    outcomes = [context.service.open_session(plan, 1, maybe_open=True).outcome for _ in range(5)]
    assert outcomes == [Outcome.INFO] * 3 + [Outcome.OK] * 2
    chosen = {"sessionId": plan.session}
    as_uuid = {"sessionId": in_form(IdForm.UUID, plan.session)}
    assert [r.json for r in context.server.requests] == [chosen, as_uuid, {}, chosen, chosen]


def test_the_yes_to_a_confirmation_is_the_result_of_the_call_that_asked(
    bench: StartBench, plan: ConversationPlan
) -> None:
    context = bench(agent_reply(WHOLE))
    context.service.run_turn(plan, "Refund it.", "c1t0+1", 1, ("call-7",))
    yes = {"name": "adk_request_confirmation", "response": {"confirmed": True}}
    assert context.server.requests[0].json["newMessage"]["parts"] == [
        {"functionResponse": {"id": "call-7", **yes}}
    ]


def test_a_bearer_token_is_shown_on_every_request(plan: ConversationPlan) -> None:
    with serving(agent_reply(WHOLE)) as server:
        client = Client(server.url, connections=1, access=Access(token=FixedToken("s3cret")))
        client.send("GET", "/", None, 1.0)
        client.send("POST", "/run", b"{}", 1.0)
        client.close()
    assert [request.headers["authorization"] for request in server.requests] == [
        "Bearer s3cret"
    ] * 2


@pytest.mark.parametrize("then", ["close", "reset"])
def test_a_post_is_sent_at_most_once_for_each_attempt_that_is_counted(then: str) -> None:
    answered = Step(agent_reply(WHOLE).parts, then)
    with serving(CLOSE, answered, CLOSE, answered, CLOSE) as server:
        client = Client(server.url, connections=4)
        answers = [client.send("POST", "/run", b"{}", 5.0) for _ in range(20)]
        client.close()
    assert all(answer.sent for answer in answers)
    # A request on a connection that the server had closed meanwhile never gets there.
    assert len(server.requests) <= len(answers)
    assert sum(answer.complete for answer in answers) <= 2


def test_the_time_to_first_token_is_the_truth_but_for_milliseconds(
    bench: StartBench, plan: ConversationPlan
) -> None:
    context = bench(stream(PARTIAL, WHOLE))
    streaming = dataclasses.replace(plan, streaming=True)
    offset = context.clock.now() - time.monotonic()
    off = []
    for number in range(8):
        attempt = context.service.run_turn(streaming, "Where?", f"c1t{number}", 5)
        assert attempt.first_token is not None
        # Written: the head, the first text, the whole reply, the end; 0.2 s apart.
        off.append(abs(attempt.first_token - offset - context.server.wrote[4 * number + 1]))
    # 5 ms are promised, and measured on a quiet machine; a client that waited for a whole block of
    # the stream would be 200 ms off.
    assert median(off) < 0.02
