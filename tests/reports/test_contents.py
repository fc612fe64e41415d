"""A session is compared with the answers: tool steps, state, and the words of the model."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reports.checks.continuity import check_continuity
from reports.records import HistoryItem, Outcome, Status, digest
from tests.reports.a_run import Conversation, Run, answered, reply, said, step, whole
from tests.reports.convictions import findings

STEP = digest("tool")
KEY, VALUE, OLDER = digest("order"), digest('"ORD-2"'), digest('"ORD-1"')


def talk(run: Run, **last: Any) -> Conversation:
    """Two turns, each with one tool step and one write of the same state key."""
    conversation = run.conversation()
    for number, value in enumerate((OLDER, VALUE)):
        turn_id = conversation.id(number)
        shown = {"steps": (STEP,), "state": {KEY: value}, "said": reply(turn_id)}
        conversation.turn(**{**shown, **(last if number else {})})
    return conversation


def read(conversation: Conversation, *items: HistoryItem, state: str | None = VALUE) -> None:
    """The session is read back: with these items after the first turn, and that state."""
    conversation.audit([*whole("c0t0"), *(items or whole("c0t1"))])
    shown = {} if state is None else {KEY: state}
    conversation.audits[-1] = replace(conversation.audits[-1], state=shown)


def statuses(run: Run, tmp_path: Path) -> dict[str, Status]:
    found = findings(run, tmp_path)
    return {kind: found[kind].status for kind in ("steps", "state", "reply") if kind in found}


def test_a_session_that_matches_the_answers_passes(tmp_path: Path) -> None:
    run = Run()
    read(talk(run))
    assert statuses(run, tmp_path) == dict.fromkeys(("steps", "state", "reply"), Status.PASS)


def test_state_that_turns_wrote_and_no_read_shows_is_unknown(tmp_path: Path) -> None:
    run = Run()
    conversation = talk(run)
    read(conversation)
    conversation.audits[-1] = replace(conversation.audits[-1], state=None)
    found = findings(run, tmp_path)["state"]
    assert found.status is Status.UNKNOWN
    assert "not known of 1 conversations" in found.summary


def test_a_run_that_recorded_none_of_it_has_no_such_gates(tmp_path: Path) -> None:
    run = Run()
    run.sound()
    assert statuses(run, tmp_path) == {}


@pytest.mark.parametrize(
    ("items", "summary"),
    [
        ([said("c0t1"), step("c0t1"), step("c0t1"), answered("c0t1")], "the history holds 2"),
        ([said("c0t1"), answered("c0t1")], "1 of the 1 tool steps"),
        (
            [said("c0t1"), HistoryItem("c0t1", "step", digest("other")), answered("c0t1")],
            "are others in the history",
        ),
    ],
)
def test_steps_that_are_doubled_missing_or_others_fail(
    tmp_path: Path, items: list[HistoryItem], summary: str
) -> None:
    run = Run()
    read(talk(run), *items)
    found = findings(run, tmp_path)["steps"]
    assert found.status is Status.FAIL
    assert summary in found.evidence[0]
    assert "turn c0t1" in found.evidence[0]


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (None, "is not in the session"),
        (OLDER, "the value of an earlier turn"),
        (digest('"ORD-9"'), "a value that no turn wrote"),
    ],
)
def test_state_that_is_lost_stale_or_foreign_fails(
    tmp_path: Path, state: str | None, why: str
) -> None:
    run = Run()
    read(talk(run), state=state)
    found = findings(run, tmp_path)["state"]
    assert found.status is Status.FAIL
    assert why in found.evidence[0]


def test_a_reply_that_the_model_did_not_give_fails(tmp_path: Path) -> None:
    run = Run()
    read(talk(run, said=digest("another answer")))
    for _ in range(3):  # most replies are the model's own
        talk(run)
    found = findings(run, tmp_path)["reply"]
    assert (found.status, found.value) == (Status.FAIL, 1)


def test_an_agent_that_rewrites_most_replies_means_to(tmp_path: Path) -> None:
    run = Run()
    conversation = run.conversation()
    conversation.turn(said=digest("with a number")).turn(said=digest("with another"))
    conversation.audit()
    assert statuses(run, tmp_path)["reply"] is Status.PASS


def test_customers_who_get_the_reply_to_another_turn_fail_however_many_they_are(
    tmp_path: Path,
) -> None:
    run = Run()
    for number in range(4):
        run.conversation().turn(said=digest(f"model {number}"), reply=digest(f"own {number}"))
    first, *others = run.conversations
    for talk in others:
        talk.audit()
    turn = replace(first.turns[0], reply=others[0].turns[0].said)
    first.turns[0] = turn
    first.audit([said("c0t0"), HistoryItem("c0t0", "reply", str(turn.reply))])
    found = findings(run, tmp_path)["reply"]
    assert found.status is Status.FAIL
    assert "1 of them got the reply to another turn" in found.summary
    assert "in turn c0t0 that to c1t0" in found.summary


@pytest.mark.parametrize(
    ("agent", "stored_as_given", "status"),
    [(None, True, "fail"), ("my_agent", False, "fail"), ("my_agent", True, "unknown")],
)
def test_an_agent_of_the_users_own_may_rewrite_some_of_its_replies(
    tmp_path: Path, agent: str | None, stored_as_given: bool, status: str
) -> None:
    run = Run()
    for number in range(40):
        conversation = run.conversation()
        name = conversation.id(0)
        model = digest("with a name") if number == 7 else reply(name)
        conversation.turn(said=model)
        kept = reply(name) if stored_as_given else model
        conversation.audit([said(name), HistoryItem(name, "reply", kept)])
    history = run.history(tmp_path)
    history = dataclasses.replace(history, run=replace(history.run, agent=agent))
    (found,) = [each for each in check_continuity(history) if each.check == "continuity.reply"]
    assert found.status == status


@pytest.mark.parametrize(
    ("every", "near_a_fault", "status"),
    [(3, False, "pass"), (30, False, "unknown"), (3, True, "unknown")],
)
def test_replies_that_an_agent_rewrites_often_without_a_fault_are_its_rule(
    tmp_path: Path, every: int, near_a_fault: bool, status: str
) -> None:
    run = Run()
    for number in range(60):
        conversation = run.conversation()
        name = conversation.id(0)
        conversation.turn(said=reply(name) if number % every else digest(f"with name {number}"))
        conversation.audit([said(name), HistoryItem(name, "reply", reply(name))])
    if near_a_fault:
        run.fault("kill-redis", 10.0, 11.0)
    history = run.history(tmp_path)
    history = dataclasses.replace(history, run=replace(history.run, agent="my_agent"))
    (found,) = [each for each in check_continuity(history) if each.check == "continuity.reply"]
    assert found.status == status


@pytest.mark.parametrize(("model", "status"), [("scripted, 0.2 s", "fail"), ("own", "pass")])
def test_a_step_that_the_reference_agent_shows_twice_was_done_twice(
    tmp_path: Path, model: str, status: str
) -> None:
    run = Run(model=model)
    read(talk(run, steps=(STEP, STEP)), said("c0t1"), step("c0t1"), step("c0t1"), answered("c0t1"))
    found = findings(run, tmp_path)["steps"]
    assert found.status == status
    assert ("1 of the 2 tool steps in the answer were done twice" in str(found)) is bool(
        found.evidence
    )


@pytest.mark.parametrize(("model", "status"), [("scripted, 0.2 s", "fail"), ("own", "pass")])
def test_state_that_no_turn_of_the_reference_agent_wrote_is_somebody_elses(
    tmp_path: Path, model: str, status: str
) -> None:
    run = Run(model=model)
    conversation = talk(run)
    read(conversation)
    more = {KEY: VALUE, digest("address"): digest('"12 Other Street"')}
    conversation.audits[-1] = replace(conversation.audits[-1], state=more)
    found = findings(run, tmp_path)["state"]
    assert found.status == status
    assert ("which no turn of it wrote" in str(found)) is (status == "fail")


def test_steps_that_an_agent_of_the_users_own_always_stores_otherwise_are_no_fault(
    tmp_path: Path,
) -> None:
    run = Run(model="the agent's own")
    conversation = run.conversation().turn(steps=(STEP, STEP), state={})
    conversation.audit(whole("c0t0"))
    assert statuses(run, tmp_path)["steps"] is Status.PASS


def test_a_turn_with_an_attempt_of_unknown_end_is_not_compared(tmp_path: Path) -> None:
    run = Run()
    read(talk(run, unsure=1, attempts=2), said("c0t1"), answered("c0t1"), state=None)
    assert statuses(run, tmp_path) == {"steps": Status.PASS, "reply": Status.PASS}
    assert findings(run, tmp_path)["steps"].summary.endswith("all of 1 turns")


def test_state_is_not_compared_after_a_turn_of_unknown_end(tmp_path: Path) -> None:
    run = Run()
    conversation = talk(run)
    conversation.turn(outcome=Outcome.INFO)
    read(conversation, state=digest('"ORD-3"'))
    assert "state" not in statuses(run, tmp_path)


def test_a_turn_that_may_be_lost_as_declared_is_not_compared(tmp_path: Path) -> None:
    run = Run()
    conversation = talk(run)
    read(conversation, said("c0t1"), answered("c0t1"), state=OLDER)
    turn = conversation.turns[1]
    died = turn.done + 0.01
    run.fault("kill-redis", died, died + 1, server_lost_since=turn.sent, injected=died)
    assert statuses(run, tmp_path) == {"steps": Status.PASS, "reply": Status.PASS}
