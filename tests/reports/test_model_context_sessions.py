"""The context of the model where a session begins anew, or a turn has an unknown fate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.records import Outcome, Status
from tests.reports import model_log
from tests.reports.a_run import TTL, Run, whole
from tests.reports.model_log import (
    R1,
    R2,
    R3,
    Shows,
    a_run,
    everything,
    failed,
    found,
    log,
    night,
    talk,
)


def after_the_ttl(shows: Shows) -> Run:
    run = a_run()
    night(run, talks=20)
    back = talk(run, 10.0, [R1, R1], audit=False)
    late = back.ended + TTL + 1
    back.turn(at=late, seen=None, replica=R1, steps=back.turns[0].steps)
    back.audit(whole(back.id(2)))
    log(run, lambda each, turn: (shows if each is back else everything)(each, turn))
    return run


def test_a_session_that_expired_begins_anew(tmp_path: Path) -> None:
    run = after_the_ttl(lambda each, turn: [2] if turn == 2 else everything(each, turn))
    assert failed(run, tmp_path) == {}
    assert found(run, tmp_path).status is Status.PASS


def test_messages_that_the_ttl_must_have_taken_are_resurrected(tmp_path: Path) -> None:
    assert failed(after_the_ttl(everything), tmp_path) == {"resurrected": 1}


@pytest.mark.parametrize("old", [0.02, 0.08], ids=["before it", "after it"])
def test_a_call_of_the_expired_session_is_legal_until_another_was_opened(
    old: float, tmp_path: Path
) -> None:
    run = a_run()
    night(run, talks=20)
    back = talk(run, 10.0, [R1], audit=False)
    late = back.ended + TTL + 1
    back.turn(at=late, seen=None, replica=R1, reopened=late + 0.05, took=0.4)
    back.audit(whole(back.id(1)))
    texts = [turn.message for turn in back.turns]
    log(run, lambda each, turn: None if each is back and turn else everything(each, turn))
    run.calls += [
        model_log.call(back.turns[1], texts, old),
        model_log.call(back.turns[1], texts[1:], 0.1),
    ]
    assert set(failed(run, tmp_path)) == ({"resurrected"} if old > 0.05 else set())


@pytest.mark.parametrize("shown", [[0, 1, 2], [0, 2]], ids=["there", "not there"])
def test_a_turn_of_unknown_fate_may_be_shown_or_not(shown: list[int], tmp_path: Path) -> None:
    run = a_run()
    night(run, talks=20)
    each = talk(run, 10.0, [R1], audit=False)
    each.turn(outcome=Outcome.INFO, replica=None, unsure=1)
    each.turn(seen=None, replica=R1, steps=each.turns[0].steps)
    each.audit(whole(*(each.id(n) for n in shown)))
    log(run, lambda c, turn: shown if c is each and turn == 2 else everything(c, turn))
    assert failed(run, tmp_path) == {}
    assert found(run, tmp_path).status is Status.PASS


@pytest.mark.parametrize(("kind", "lost"), [("power-loss", False), ("kill-replica", True)])
def test_turns_that_the_declared_durability_may_lose_need_not_be_shown(
    kind: str, lost: bool, tmp_path: Path
) -> None:
    run = a_run()
    night(run, talks=20)
    each = talk(run, 8.0, [R1, R1], audit=False)
    each.turn(at=19.0, seen=None, replica=R1, steps=each.turns[0].steps)
    each.turn(at=25.0, seen=None, replica=R1, steps=each.turns[0].steps)
    each.audit(whole(each.id(0), each.id(1), each.id(3)))
    run.fault(kind, 20.0, 22.0)
    log(run, lambda c, turn: [0, 1, 3] if c is each and turn == 3 else everything(c, turn))
    assert ("context_missed" in failed(run, tmp_path)) is lost


def test_an_earlier_attempt_of_a_turn_is_judged_too(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    run.fault("kill-replica", 30.0, 33.0, target=R2)
    each = talk(run, 34.0, [R1], audit=False)
    each.turn(seen=None, replica=R3, attempts=2, took=3.0, steps=each.turns[0].steps)
    each.audit()
    log(run)
    assert failed(run, tmp_path) == {}
    first = model_log.call(each.turns[1], [each.turns[1].message], 0.005, caller=R2)
    run.calls.append(first)
    assert failed(run, tmp_path) == {"context_missed": 1}


def opened_anew(shown_later: list[int]) -> Run:
    """A turn whose first attempt took so long that its session had gone at the second one."""
    run = a_run()
    night(run)
    run.fault("kill-replica", 30.0, 33.0, target=R2)
    each = talk(run, 34.0, [R1], audit=False)
    steps = each.turns[0].steps
    expires = each.turns[0].done + TTL
    again: dict[str, Any] = {"attempts": 2, "took": 2.0, "reopened": expires + 0.5}
    each.turn(expires - 1.0, seen=None, replica=R3, steps=steps, **again)
    each.turn(seen=None, replica=R1, steps=steps)
    each.audit(whole(each.id(1), each.id(2)))
    shown = {0: [0], 1: [1], 2: shown_later}
    log(run, lambda c, turn: shown[turn] if c is each else everything(c, turn))
    first_attempt = [each.turns[0].message, each.turns[1].message]
    run.calls.append(model_log.call(each.turns[1], first_attempt, 0.005, caller=R2))
    return run


def test_an_attempt_before_a_session_was_opened_anew_shows_the_old_one(tmp_path: Path) -> None:
    assert failed(opened_anew([1, 2]), tmp_path) == {}


@pytest.mark.parametrize(
    ("shown", "gate"), [([0, 1, 2], "resurrected"), ([2], "context_missed")], ids=["old", "less"]
)
def test_the_turn_after_a_session_was_opened_anew_shows_the_new_one(
    shown: list[int], gate: str, tmp_path: Path
) -> None:
    assert failed(opened_anew(shown), tmp_path) == {gate: 1}
