"""A customer at the A2A door of an agent that ADK's own code serves, and at odd servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtests.doors.names import A2A
from reports.records import Outcome, digest
from tests.loadtests.doors.talks import Talk, plan, serving, talk
from tests.loadtests.scripted_server import Step, reply
from tests.loadtests.scripted_server import serving as scripted

WELL = digest("All is well.")


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("a2a") / "log"
    with serving("a2a_server", "/a2a/odd", log=log) as url:
        yield f"{url}/a2a/odd"


ENDINGS = [
    # the customer's word, the turn's outcome, whether it has a reply
    ("plain", Outcome.OK, True),
    ("chatty", Outcome.OK, True),
    ("confirm", Outcome.OK, True),
    ("wait", Outcome.OK, True),
    ("empty", Outcome.OK, False),
    ("error", Outcome.INFO, False),
]


@pytest.mark.service
@pytest.mark.slow
@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(("wish", "outcome", "replied"), ENDINGS, ids=[e[0] for e in ENDINGS])
def test_every_legal_ending_of_a_turn_is_understood(
    agent: str, tmp_path: Path, wish: str, outcome: Outcome, replied: bool, streaming: bool
) -> None:
    planned = plan(wish, "plain", streaming=streaming, name=wish)
    (found,) = talk(A2A, agent, [planned], tmp_path)
    first = found.turns[0]
    assert (first.outcome, first.attempts) == (outcome, 1), first.error
    assert (first.reply is not None) == replied
    (audit,) = found.audits
    assert (audit.status, audit.user) == ("found", planned.user), audit.error
    items = [item for item in audit.history if item.turn_id == first.turn_id]
    if replied:
        assert [(item.kind, item.digest) for item in items] == [
            *[("message", digest(wish)), ("reply", first.reply)],
        ]
    if outcome is Outcome.OK:
        assert found.turns[1].outcome is Outcome.OK, found.turns[1].error


VERSIONS = [
    # the server's flags, the call of a streamed turn
    (("--old",), "message/stream", None),
    (("--old", "--no-stream"), "message/send", None),
    (("--new-only",), "SendStreamingMessage", None),
    (("--no-stream",), "SendMessage", None),
    # The card is wrong: the agent refuses the version that it offers.
    (("--old", "--new-only"), "SendStreamingMessage", None),
    (("--forgetful",), "SendStreamingMessage", "a task that had just ended was not found"),
]


@pytest.mark.service
@pytest.mark.slow
@pytest.mark.parametrize(("flags", "call", "unread"), VERSIONS, ids=[str(v[0]) for v in VERSIONS])
def test_conversations_are_kept_and_read_back_as_the_agent_allows(
    tmp_path: Path, flags: tuple[str, ...], call: str, unread: str | None
) -> None:
    plans = [plan("plain", "chatty", streaming=True, name=name) for name in ("one", "two")]
    with serving("a2a_server", *flags, log=tmp_path / "log") as url:
        talks = talk(A2A, url, plans, tmp_path / "talks")
    for planned, found in zip(plans, talks, strict=True):
        assert [turn.outcome for turn in found.turns] == [Outcome.OK, Outcome.OK]
        assert [turn.attempts for turn in found.turns] == [1, 1]
        assert found.turns[0].reply == WELL
        assert f"return {call}" in [name for name, _ in found.observed]
        (audit,) = found.audits
        if unread is not None:
            assert audit.status == "unknown"
            assert unread in str(audit.error)
            continue
        assert (audit.status, audit.user) == ("found", planned.user), audit.error
        assert [item.digest for item in audit.history if item.kind == "reply"] == [
            turn.reply for turn in found.turns
        ]
        if "--no-stream" not in flags:
            first = found.turns[0]
            assert first.first_token is not None
            assert first.sent <= first.first_token <= first.done


def rpc(result: Any) -> Step:
    """A JSON-RPC answer."""
    return reply(200, json.dumps({"jsonrpc": "2.0", "id": "1", "result": result}).encode())


def refusal(code: int, message: str) -> Step:
    """A JSON-RPC error."""
    error = {"code": code, "message": message}
    return reply(200, json.dumps({"jsonrpc": "2.0", "id": "1", "error": error}).encode())


def task(state: str = "completed", text: str = "All is well.", **more: Any) -> dict[str, Any]:
    """A task in version 0.3."""
    user = {"kind": "message", "role": "user", "messageId": "m", "parts": [{"text": "plain"}]}
    agent = {"kind": "message", "role": "agent", "parts": [{"kind": "text", "text": text}]}
    return {
        "kind": "task",
        "id": "t1",
        "contextId": "s-talk-False",
        "status": {"state": state, "message": agent},
        "history": [user],
        **more,
    }


NO_CARD = (reply(404), reply(404))


def played(tmp_path: Path, *steps: Step, path: str = "") -> tuple[Talk, list[Any]]:
    """One turn at a server with these answers; and its requests after those for the card."""
    with scripted(*NO_CARD, *steps) as server:
        planned = plan("plain", streaming=False)
        (found,) = talk(A2A, f"{server.url}{path}", [planned], tmp_path)
        return found, server.requests[len(NO_CARD) :]


OUTCOMES = [
    # the answer to a message, the turn's outcome, its attempts
    ("completed", rpc(task()), Outcome.OK, 1),
    ("a bare message", rpc({"kind": "message", "parts": [{"text": "Hm."}]}), Outcome.OK, 1),
    ("rejected", rpc(task("rejected")), Outcome.FAIL, 1),
    ("bad parameters", refusal(-32602, "no parts"), Outcome.FAIL, 1),
    ("neither task nor message", rpc({"kind": "song"}), Outcome.INFO, None),
    ("an internal error", refusal(-32603, "oops"), Outcome.INFO, None),
    ("failed", rpc(task("failed", "the store is gone")), Outcome.INFO, None),
    ("an agent's error", rpc(task("failed", metadata={"adk_error_code": "X"})), Outcome.INFO, 1),
    ("no such address", reply(404, b"nothing here"), Outcome.FAIL, 1),
]


@pytest.mark.service
@pytest.mark.parametrize(
    ("answer", "outcome", "attempts"), [o[1:] for o in OUTCOMES], ids=[o[0] for o in OUTCOMES]
)
def test_the_outcome_of_a_turn_follows_from_its_answer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Step,
    outcome: Outcome,
    attempts: int | None,
) -> None:
    monkeypatch.setattr("loadtests.customers.retry.Deadline.left", _until_three_attempts())
    found, _ = played(tmp_path, answer)
    (turn,) = found.turns
    assert turn.outcome is outcome, turn.error
    assert turn.attempts == attempts or (attempts is None and turn.attempts > 1)
    assert (turn.error is None) == (outcome is Outcome.OK)


def _until_three_attempts() -> Any:
    """A deadline that is over after a few questions, so that no test waits for it."""
    left = iter([10.0] * 6)
    return lambda _: next(left, 0.0)


@pytest.mark.service
def test_an_agent_that_makes_the_ids_of_contexts_is_sent_none(tmp_path: Path) -> None:
    own = task(contextId="c-9")
    steps = (refusal(-32602, "unknown contextId"), rpc(own), rpc(own))
    found, requests = played(tmp_path, *steps)
    contexts = [each.json["params"].get("message", {}).get("contextId") for each in requests[:2]]
    assert contexts == ["s-talk-False", None]
    assert [turn.outcome for turn in found.turns] == [Outcome.OK]
    assert [item.kind for item in found.audits[0].history] == ["message", "reply"]


@pytest.mark.service
def test_a_task_that_the_agent_does_not_wait_for_is_asked_for(tmp_path: Path) -> None:
    found, requests = played(tmp_path, rpc(task("working")), rpc(task("working")), rpc(task()))
    methods = [request.json["method"] for request in requests]
    assert methods[:3] == ["message/send", "tasks/get", "tasks/get"]
    assert [turn.reply for turn in found.turns] == [WELL]


@pytest.mark.service
def test_a_task_that_is_found_and_later_not_is_a_lost_turn(tmp_path: Path) -> None:
    steps = (rpc(task()), rpc(task()), refusal(-32001, "Task not found"))
    found, _ = played(tmp_path, *steps)
    (audit,) = found.audits
    assert audit.status == "gone"


@pytest.mark.service
def test_tasks_without_a_history_cannot_be_read_back(tmp_path: Path) -> None:
    found, _ = played(tmp_path, rpc(task()), rpc(task(history=[])))
    (audit,) = found.audits
    assert audit.status == "unknown"
    assert "no history of messages" in str(audit.error)


@pytest.mark.service
def test_a_card_that_names_another_address_moves_no_request(tmp_path: Path) -> None:
    card = {"url": "http://192.0.2.1:9/a2a", "protocolVersion": "0.3.0", "capabilities": {}}
    with scripted(reply(200, json.dumps(card).encode()), rpc(task())) as server:
        (found,) = talk(A2A, server.url, [plan("plain", streaming=False)], tmp_path)
        assert {request.path for request in server.requests[1:]} == {"/"}
    assert [turn.outcome for turn in found.turns] == [Outcome.OK]
