"""Servers that speak ADK's protocol with manners of their own."""

from __future__ import annotations

import dataclasses
import gzip
import json
import uuid
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from loadtests.adk.session_ids import IdForm, in_form
from loadtests.arrivals.conversation import ConversationPlan
from reports.records import Outcome, digest
from tests.loadtests.conftest import Bench
from tests.loadtests.scripted_server import Step, agent_reply, reply, stream, text_event

StartBench = Callable[..., Bench]

WHOLE = text_event("On its way.")
REFUSALS = {
    "Go": (400, b'failed to decode request: json: unknown field "customMetadata"\n'),
    "Spring": (
        400,
        b'{"status":400,"error":"Bad Request","message":"JSON parse error: Unrecognized field '
        b'\\"customMetadata\\", not marked as ignorable"}',
    ),
    "pydantic": (422, b'{"detail":[{"type":"extra_forbidden","loc":["body","customMetadata"]}]}'),
    "JSON schema": (422, b'{"errors":["must NOT have additional properties"]}'),
    "words of its own": (400, b"Anfrage abgelehnt"),
    "a 500 that names it": (500, b"TypeError: unexpected custom_metadata"),
}


def taken(bench: Bench) -> list[Any]:
    return [request.json for request in bench.server.requests]


def as_uuid(plan: ConversationPlan) -> str | None:
    return in_form(IdForm.UUID, plan.session)


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_a_field_that_is_refused_is_left_out_from_then_on(
    bench: StartBench, plan: ConversationPlan, refusal: tuple[int, bytes], streaming: bool
) -> None:
    whole = stream(WHOLE) if streaming else agent_reply(WHOLE)
    context = bench(reply(*refusal), whole, whole)
    plan = dataclasses.replace(plan, streaming=streaming)
    for turn in ("c1t0", "c1t1"):
        assert context.service.run_turn(plan, "Where?", turn, 5).outcome is Outcome.OK
    assert ["customMetadata" in request for request in taken(context)] == [True, False, False]
    # Each request is told of, the refused one too.
    assert [error is None for _, error in context.observed] == [False, True, True]


def test_a_server_that_wants_snake_case_gets_it(bench: StartBench, plan: ConversationPlan) -> None:
    missing = reply(422, b'{"detail":[{"type":"missing","loc":["body","app_name"]}]}')
    context = bench(missing, missing, agent_reply(WHOLE))
    assert context.service.run_turn(plan, "Where?", "c1t0", 1).outcome is Outcome.OK
    assert set(taken(context)[-1]) == {
        *("app_name", "user_id", "session_id", "new_message", "custom_metadata")
    }


def test_a_message_that_is_refused_in_every_form_has_the_first_answer(
    bench: StartBench, plan: ConversationPlan
) -> None:
    context = bench(*[reply(400, f"no {number}".encode()) for number in range(8)])
    attempt = context.service.run_turn(plan, "Where?", "c1t0", 1)
    assert (attempt.outcome, attempt.retry) == (Outcome.FAIL, False)
    assert attempt.error == "HTTP 400: no 0"
    assert len(taken(context)) == 4


def test_a_refusal_after_a_turn_was_accepted_is_about_the_message(
    bench: StartBench, plan: ConversationPlan
) -> None:
    context = bench(agent_reply(WHOLE), reply(*REFUSALS["Go"]), agent_reply(WHOLE))
    outcomes = [context.service.run_turn(plan, "Where?", "c1t0", 1).outcome for _ in range(3)]
    assert outcomes == [Outcome.OK, Outcome.FAIL, Outcome.OK]
    assert all("customMetadata" in request for request in taken(context))


def test_a_server_that_broke_is_not_asked_in_another_form(
    bench: StartBench, plan: ConversationPlan
) -> None:
    context = bench(reply(500, b"tool failed: unexpected argument 'x'"))
    assert context.service.run_turn(plan, "Where?", "c1t0", 1).outcome is Outcome.INFO
    assert len(taken(context)) == 1, "the turn may have begun"


OWN_WORDS = [
    (400, b'{"detail": "\'x\' is not a valid ObjectId, it must be a 24-character hex string"}'),
    (400, b'{"message": "invalid UUID length: 20"}'),
    (422, b'{"error": {"code": "E17"}}'),
    (400, b""),
    (500, b"ValueError: badly formed hexadecimal UUID string"),
    (500, b'{"detail": "identifier must be numeric"}'),
    (501, b'{"detail": "User-provided Session id is not supported"}'),
]


@pytest.mark.parametrize("refusal", OWN_WORDS, ids=str)
@pytest.mark.parametrize("named", [b'{"id": "s-1"}', b'{"sessionId": "s-1"}', b'{"id": 7}'])
def test_a_server_that_wants_ids_of_its_own_form_chooses_them(
    bench: StartBench, plan: ConversationPlan, refusal: tuple[int, bytes], named: bytes
) -> None:
    context = bench(reply(*refusal), reply(*refusal), reply(200, named), reply(200, named))
    attempts = [context.service.open_session(plan, 1, maybe_open=False) for _ in range(4)]
    (name,) = json.loads(named).values()
    assert [attempt.session for attempt in attempts] == [None, None, str(name), str(name)]
    assert [attempt.retry for attempt in attempts[:2]] == [True, True]
    assert taken(context) == [{"sessionId": plan.session}, {"sessionId": as_uuid(plan)}, {}, {}]


@pytest.mark.parametrize("refusal", OWN_WORDS, ids=str)
def test_a_server_that_wants_uuids_gets_the_same_one_for_the_same_session(
    bench: StartBench, plan: ConversationPlan, refusal: tuple[int, bytes]
) -> None:
    context = bench(reply(*refusal), reply(200, b"{}"), reply(409), reply(200, b"{}"))
    other = dataclasses.replace(plan, session=f"{plan.session}-1")
    attempts = [
        context.service.open_session(which, 1, maybe_open=maybe_open)
        for which, maybe_open in ((plan, False), (plan, False), (plan, True), (other, False))
    ]
    assert [attempt.session for attempt in attempts] == [
        *(None, as_uuid(plan), as_uuid(plan), as_uuid(other))
    ]
    asked = [request["sessionId"] for request in taken(context)]
    assert asked == [plan.session, as_uuid(plan), as_uuid(plan), as_uuid(other)]
    assert [(uuid.UUID(each).version, str(uuid.UUID(each))) for each in asked[1:]] == [
        (4, each) for each in asked[1:]
    ]
    assert as_uuid(plan) != as_uuid(other)


def test_a_server_that_refuses_a_session_in_every_form_is_given_up(
    bench: StartBench, plan: ConversationPlan
) -> None:
    context = bench(reply(400, b"ids are numbers"), reply(400, b"no"), reply(422, b"an id, please"))
    attempts = [context.service.open_session(plan, 1, maybe_open=False) for _ in range(3)]
    assert [attempt.retry for attempt in attempts] == [True, True, False]
    assert attempts[-1].error == (
        "HTTP 400: ids are numbers; without an id: HTTP 422: an id, please"
    )


def test_errors_that_say_nothing_of_ids_end_them_only_when_they_come_again(
    bench: StartBench, plan: ConversationPlan
) -> None:
    broken, chosen = reply(500, b"Internal Server Error"), {"sessionId": plan.session}
    good, other = reply(200, b'{"id": "s"}'), {"sessionId": as_uuid(plan)}
    context = bench(*[broken, broken, broken, good] * 3, good)
    for _ in range(13):
        context.service.open_session(plan, 1, maybe_open=False)
    assert taken(context) == [chosen, chosen, other, {}] * 3 + [{}]


def test_a_server_with_temporary_errors_keeps_the_generators_ids(
    bench: StartBench, plan: ConversationPlan
) -> None:
    broken, good = reply(500, b"Internal Server Error"), reply(200, b'{"id": "s"}')
    context = bench(broken, broken, good, good, good)
    for _ in range(5):
        context.service.open_session(plan, 1, maybe_open=False)
    chosen = {"sessionId": plan.session}
    assert taken(context) == [chosen, chosen, {"sessionId": as_uuid(plan)}, chosen, chosen]


MISSING = [
    (500, b"session not found\n"),
    (500, b'{"detail": "failed to get session: session c0 not found"}'),
    (500, b'{"error": "Session with id c0 does not exist"}'),
    (400, b'{"message": "failed to find the session"}'),
    (410, b'{"code": "SESSION_NOT_FOUND"}'),
    (403, b'{"error": "session does not exist"}'),
    (200, b"null"),
    (500, b"database error while fetching session: record not found"),
    (500, b"get session: sql: no rows in result set"),
    (500, b"failed to load session c0: redis: nil"),
    (404, b'{"status":404,"error":"Not Found","path":"/apps/a/users/u/sessions/c0"}'),
]
PRESENT = [
    (500, b"session not found: dial tcp 10.0.0.1:6379: connect: connection refused"),
    (500, b"session store: host not found"),
    (500, b"failed to get session: EOF"),
    (500, b"Internal Server Error"),
    (503, b"session not found"),
    # a gateway that is being set up anew
    (404, b"404 page not found\n"),
    (404, b"default backend - 404"),
    (404, b'{"message":"no Route matched with those values"}'),
    (404, b"<html>\r\n<head><title>404 Not Found</title></head></html>"),
]


@pytest.mark.parametrize("answer", MISSING, ids=str)
def test_a_missing_session_is_understood_in_the_server_s_words(
    bench: StartBench, plan: ConversationPlan, answer: tuple[int, bytes]
) -> None:
    context = bench(reply(*answer))
    attempt = context.service.read_session(plan, 1)
    assert (attempt.missing, attempt.outcome, attempt.retry) == (True, Outcome.FAIL, False)
    assert context.observed == [("audit", None)]


@pytest.mark.parametrize("answer", PRESENT, ids=str)
def test_a_session_that_cannot_be_read_is_not_missing(
    bench: StartBench, plan: ConversationPlan, answer: tuple[int, bytes]
) -> None:
    context = bench(reply(*answer))  # the list of sessions is refused in the same words
    attempt = context.service.read_session(plan, 1)
    outcome = Outcome.FAIL if answer[0] == 404 else Outcome.INFO
    assert (attempt.missing, attempt.outcome, attempt.retry) == (False, outcome, True)


@pytest.mark.parametrize(
    ("listed", "missing"),
    [
        (b"[]", True),
        (b'{"sessions": [{"id": "another"}]}', True),
        (b'[{"id": "SESSION"}]', False),
        (b'[{"name": "another"}]', False),
        (b"null", True),
        (b'{"sessions": null}', True),
        (b'{"sessions": [{"id": "another"}], "nextPageToken": "p2"}', False),
        (b'{"sessions": [{"sessionId": "another"}]}', True),
        (b"not JSON", False),
    ],
)
def test_an_error_without_words_is_looked_up_in_a_list_of_sessions_that_is_true(
    bench: StartBench, plan: ConversationPlan, listed: bytes, missing: bool
) -> None:
    listed = listed.replace(b"SESSION", plan.session.encode())
    proof = b'[{"id": "SESSION"}]'.replace(b"SESSION", plan.session.encode())
    broken = reply(500, b"Internal Server Error")
    found = reply(200, b'{"events": []}')
    context = bench(broken, found, reply(200, proof), broken, reply(200, listed))
    assert not context.service.read_session(plan, 1).missing  # nobody knows the list yet
    assert context.service.read_session(plan, 1).outcome is Outcome.OK
    assert context.service.read_session(plan, 1).missing is missing
    assert context.server.requests[-1].path == f"/apps/shopmax/users/{plan.user}/sessions"


@pytest.mark.parametrize(("listed", "missing"), [(b"[]", True), (b'[{"id": "SESSION"}]', False)])
def test_a_session_that_is_forbidden_is_looked_up_in_the_list(
    bench: StartBench, plan: ConversationPlan, listed: bytes, missing: bool
) -> None:
    proof = b'[{"id": "SESSION"}]'.replace(b"SESSION", plan.session.encode())
    listed = listed.replace(b"SESSION", plan.session.encode())
    no, found = reply(403, b"Forbidden"), reply(200, b'{"events": []}')
    context = bench(no, found, reply(200, proof), no, no, reply(200, listed))
    assert not context.service.read_session(plan, 1).missing  # nobody knows the list yet
    assert context.service.read_session(plan, 1).outcome is Outcome.OK
    attempt = context.service.run_turn(plan, "Where?", "c1t0", 1)
    assert (attempt.outcome, attempt.missing) == (Outcome.FAIL, missing)


@pytest.mark.parametrize("list_of_sessions", [b"[]", b'[{"id": "another"}]', b"null"])
def test_a_list_that_left_out_a_live_session_proves_nothing(
    bench: StartBench, plan: ConversationPlan, list_of_sessions: bytes
) -> None:
    broken = reply(500, b"Internal Server Error")
    found = reply(200, b'{"events": []}')
    context = bench(broken, found, reply(200, list_of_sessions), broken)
    assert not context.service.read_session(plan, 1).missing
    assert context.service.read_session(plan, 1).outcome is Outcome.OK
    attempt = context.service.read_session(plan, 1)
    assert (attempt.missing, attempt.outcome, attempt.retry) == (False, Outcome.INFO, True)


def test_the_list_of_sessions_is_not_trusted_before_it_was_seen_to_be_right(
    bench: StartBench, plan: ConversationPlan
) -> None:
    context = bench(reply(500, b"Internal Server Error"), reply(200, b"[]"))
    assert not context.service.read_session(plan, 1).missing
    assert len(context.server.requests) == 1


@pytest.mark.parametrize(
    ("found", "missing"), [(reply(500, b"session not found"), True), (reply(200, b"{}"), False)]
)
def test_a_turn_that_broke_with_such_words_is_checked_by_reading_the_session(
    bench: StartBench, plan: ConversationPlan, found: Step, missing: bool
) -> None:
    context = bench(reply(500, b"session not found"), found)
    attempt = context.service.run_turn(plan, "Where?", "c1t0", 1)
    assert attempt.missing is missing
    assert attempt.outcome is Outcome.INFO


SPRING = (
    b'{"timestamp":"2026-11-28T06:30:00.000+00:00","status":500,'
    b'"error":"Internal Server Error","path":"/run"}'
)


@pytest.mark.parametrize(
    ("found", "missing"), [(reply(404, b'{"status":404}'), True), (reply(200, b"{}"), False)]
)
def test_a_turn_whose_error_hides_its_reason_is_checked_by_reading_the_session(
    bench: StartBench, plan: ConversationPlan, found: Step, missing: bool
) -> None:
    attempt = bench(reply(500, SPRING), found).service.run_turn(plan, "Where?", "c1t0", 1)
    assert (attempt.missing, attempt.outcome) == (missing, Outcome.INFO)
    # Another attempt in a session that is gone would only keep the customer waiting.
    assert attempt.retry is not missing


EXISTS = [
    (409, b""),
    (400, b'{"detail":"Session already exists: c0"}'),
    (500, b"session c0 already exists"),
    (500, b'duplicate key value violates unique constraint "sessions_pkey"'),
]


@pytest.mark.parametrize("refusal", EXISTS, ids=str)
def test_a_session_that_a_lost_attempt_created_is_used(
    bench: StartBench, plan: ConversationPlan, refusal: tuple[int, bytes]
) -> None:
    context = bench(reply(*refusal), reply(*refusal))
    attempt = context.service.open_session(plan, 1, maybe_open=True)
    assert (attempt.outcome, attempt.session) == (Outcome.OK, plan.session)
    attempt = context.service.open_session(plan, 1, maybe_open=False)
    assert (attempt.outcome, attempt.retry) == (Outcome.FAIL, False)
    assert attempt.error == f"HTTP {refusal[0]}: the session exists"


def test_a_silent_turn_of_go_is_null(bench: StartBench, plan: ConversationPlan) -> None:
    attempt = bench(reply(200, b"null\n")).service.run_turn(plan, "Where?", "c1t0", 1)
    assert attempt.outcome is Outcome.OK
    assert attempt.reply is not None
    assert attempt.reply.digest is None


def _packed(body: bytes, coding: str) -> Step:
    return reply(200, body, Content_Encoding=coding)


PACKED = [
    (gzip.compress, "gzip"),
    (gzip.compress, "X-GZIP"),
    (zlib.compress, "deflate"),
    (bytes, "identity"),
]


@pytest.mark.parametrize(("pack", "coding"), PACKED, ids=[coding for _, coding in PACKED])
@pytest.mark.parametrize("streaming", [False, True])
def test_a_response_that_is_compressed_unasked_is_unpacked(
    bench: StartBench,
    plan: ConversationPlan,
    pack: Callable[[bytes], bytes],
    coding: str,
    streaming: bool,
) -> None:
    whole = json.dumps([WHOLE]).encode()
    if streaming:  # without a line end at last
        whole = b"".join(b"data: %s\r\n\r\n" % json.dumps(e).encode() for e in (WHOLE, WHOLE))
        whole = whole.rstrip()
    context = bench(_packed(pack(whole), coding))
    plan = dataclasses.replace(plan, streaming=streaming)
    attempt = context.service.run_turn(plan, "Where?", "c1t0", 1)
    assert attempt.reply is not None, attempt.error
    assert attempt.reply.digest == digest("On its way.")
    assert context.server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("body", "coding", "why"),
    [(b"x", "br", "compressed as 'br', must be plain or gzip"), (b"[]", "gzip", "is broken")],
)
@pytest.mark.parametrize("streaming", [False, True])
def test_a_response_that_cannot_be_unpacked_says_so(
    bench: StartBench, plan: ConversationPlan, body: bytes, coding: str, why: str, streaming: bool
) -> None:
    plan = dataclasses.replace(plan, streaming=streaming)
    attempt = bench(_packed(body, coding)).service.run_turn(plan, "Where?", "c1t0", 1)
    assert attempt.outcome is Outcome.INFO
    assert attempt.error is not None
    assert why in attempt.error
