"""The context of the model, judged by the log of its stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from reports.measures.continuity.all_conversations import take_tallies
from reports.records import Status
from tests.reports import model_log
from tests.reports.a_run import Conversation, Run, message, whole
from tests.reports.model_log import (
    R1,
    R2,
    Shows,
    a_run,
    calm,
    everything,
    failed,
    found,
    last,
    log,
    night,
    stale,
    talk,
)


def after(second: float, then: Shows, before: Shows = everything) -> Shows:
    """`before` until this run time, `then` from it on."""
    return lambda conversation, turn: (then if conversation.turns[turn].sent >= second else before)(
        conversation, turn
    )


def test_a_run_whose_calls_show_everything_passes(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    run.fault("kill-replica", 30.0, 33.0, target=R2)
    log(run)
    context = found(run, tmp_path)
    assert context.status is Status.PASS, context.summary
    tallies = take_tallies(run.history(tmp_path))
    assert tallies.witnessed == tallies.acknowledged == 240


@pytest.mark.parametrize("seed", range(5))
def test_a_replica_with_an_old_copy_of_the_session_is_convicted(seed: int, tmp_path: Path) -> None:
    run = a_run()
    night(run, seed)
    run.fault("kill-replica", 30.0, 33.0, target=R2)
    log(run, stale)
    assert set(failed(run, tmp_path)) == {"context_missed"}
    context = found(run, tmp_path)
    assert "without turn" in context.evidence[0]
    assert "a call of the model by shop on r0" in context.evidence[0]


def test_an_old_copy_is_a_violation_without_any_fault_too(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    log(run, stale)
    assert set(failed(run, tmp_path)) == {"context_missed"}


def test_an_agent_that_forgets_the_first_message_after_a_restart_is_convicted(
    tmp_path: Path,
) -> None:
    run = a_run()
    night(run)
    run.fault("kill-replica", 30.0, 33.0, target=R2)

    def forgetful(conversation: Conversation, turn: int) -> list[int]:
        here = conversation.turns[turn]
        shown = everything(conversation, turn)
        return shown[1:] if turn and here.replica == R2 and here.sent > 30 else shown

    log(run, forgetful)
    missed = [
        turn
        for each in run.conversations
        for turn in each.turns
        if turn.turn and turn.replica == R2 and turn.sent > 30
    ]
    assert missed
    assert failed(run, tmp_path) == {"context_missed": len(missed)}


def test_an_omission_seen_only_after_a_fault_is_a_violation(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    run.fault("restart-redis", 30.0, 31.0)
    log(run, after(31.0, last(2)))
    assert set(failed(run, tmp_path)) == {"context_missed"}


def test_the_words_of_other_agents_and_instructions_are_no_messages(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    for each in run.conversations:
        for turn in each.turns:
            texts = [message("the instruction")]
            texts += [each.turns[n].message for n in everything(each, turn.turn)]
            moved: dict[str, Any] = {"answer": "call", "agent": "front"}
            moved["names"] = ("transfer_to_agent",)
            run.calls += [
                model_log.call(turn, texts, **moved),
                model_log.call(turn, [*texts, message("go on")], 0.1, agent="returns"),
            ]
    context = found(run, tmp_path)
    assert context.status is Status.PASS, context.summary


@pytest.mark.parametrize("shows", [last(1), last(2)], ids=["none", "compaction"])
@pytest.mark.parametrize("learned_from", ["rehearsal", "load"])
def test_omissions_by_design_are_unknown_and_do_not_count(
    shows: Shows, learned_from: str, tmp_path: Path
) -> None:
    run = a_run()
    night(run)
    begins = 40.0 if learned_from == "load" else 2.0
    run.fault("kill-replica", begins, begins + 2, target=R2)
    log(run, shows)
    if learned_from == "rehearsal":
        for each in calm(run):
            run.calls += model_log.calls_of(each, shows)
    context = found(run, tmp_path)
    assert context.status is Status.UNKNOWN, context.summary
    assert context.out_of_sight
    assert "by design" in context.summary


def test_an_agent_by_design_does_not_hide_the_omissions_of_another(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    run.fault("kill-replica", 30.0, 33.0, target=R2)
    log(run)
    log(run, last(1), agent="summary")
    context = found(run, tmp_path)
    assert context.status is Status.PASS, context.summary
    assert "summary" in context.summary
    run.calls.clear()
    log(run, after(33.0, last(2)))
    log(run, last(1), agent="summary")
    assert set(failed(run, tmp_path)) == {"context_missed"}


def test_one_wrong_call_of_a_turn_is_enough(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    log(run)
    guilty = next(c for c in run.calls if len(c.messages) == 4 and c.answer == "text")
    run.calls[run.calls.index(guilty)] = structs.replace(guilty, messages=guilty.messages[1:])
    run.fault("restart-redis", 50.0, 51.0)
    run.calls.sort(key=lambda each: each.t)
    assert guilty.t < 50
    # In calm the omission of one call in a hundred is no design, and no proof against the service.
    assert found(run, tmp_path).status is Status.UNKNOWN
    assert not found(run, tmp_path).out_of_sight
    run.faults.clear()
    run.fault("restart-redis", 2.0, 3.0)
    for each in calm(run):
        run.calls += model_log.calls_of(each, everything)
    assert failed(run, tmp_path) == {"context_missed": 1}


def test_an_agent_that_was_not_seen_in_calm_is_not_convicted(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    run.fault("restart-redis", 2.0, 3.0)
    log(run, last(1))
    context = found(run, tmp_path)
    assert context.status is Status.UNKNOWN
    assert not context.out_of_sight
    assert "may do so by design" in context.evidence[0]


def test_a_longer_conversation_than_any_in_calm_is_not_convicted(tmp_path: Path) -> None:
    run = a_run()
    for each in calm(run, turns=3):
        run.calls += model_log.calls_of(each, everything)
    run.fault("restart-redis", 2.0, 3.0)
    night(run)
    log(run, last(3))
    assert found(run, tmp_path).status is Status.UNKNOWN
    assert failed(run, tmp_path) == {}


def two_with_the_same_words(first: Shows, second: Shows, begins: float = 10.1) -> Run:
    run = a_run()
    for each in calm(run):
        run.calls += model_log.calls_of(each, everything)
    run.fault("restart-redis", 2.0, 3.0)
    one, other = talk(run, 10.0, [R1] * 3), talk(run, begins, [R1] * 3)
    model_log.same_words(one, other)
    run.calls += model_log.calls_of(one, first) + model_log.calls_of(other, second)
    return run


def test_two_customers_with_the_same_words_are_both_witnessed(tmp_path: Path) -> None:
    run = two_with_the_same_words(everything, everything)
    assert found(run, tmp_path).status is Status.PASS


def test_a_call_that_is_wrong_for_both_customers_is_a_violation_of_one(tmp_path: Path) -> None:
    run = two_with_the_same_words(last(2), everything)
    assert failed(run, tmp_path) == {"context_missed": 1}
    assert "of 2 conversations with the same words" in found(run, tmp_path).evidence[0]


def test_a_call_that_is_right_for_another_customer_acquits_and_is_unknown(tmp_path: Path) -> None:
    run = a_run()
    for each in calm(run):
        run.calls += model_log.calls_of(each, everything)
    run.fault("restart-redis", 2.0, 3.0)
    # The second turn of one customer is said at the same time as the first of another.
    old, new = talk(run, 10.0, [R1, R1], audit=False), talk(run, 11.2, [R1], audit=False)
    new.turns[0] = structs.replace(new.turns[0], message=old.turns[1].message)
    old.audit()
    new.audit([*whole("c1t0")])
    new.audits[0] = structs.replace(
        new.audits[0],
        history=tuple(
            structs.replace(item, digest=new.turns[0].message) if item.kind == "message" else item
            for item in new.audits[0].history
        ),
    )
    run.calls += model_log.calls_of(old, last(1)) + model_log.calls_of(new, everything)
    context = found(run, tmp_path)
    assert failed(run, tmp_path) == {}
    assert context.status is Status.UNKNOWN
    assert "1 of 3 turns" in context.summary


def test_a_missing_log_leaves_the_context_unknown(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    context = found(run, tmp_path)
    assert (context.status, context.out_of_sight) == (Status.UNKNOWN, False)
    assert "log holds no call" in context.summary


@pytest.mark.parametrize(("begins", "ends"), [(20.0, 30.0), (45.0, 99.0), (-99.0, 99.0)])
def test_a_gap_in_the_log_leaves_the_context_unknown(
    begins: float, ends: float, tmp_path: Path
) -> None:
    run = a_run()
    night(run)
    run.fault("kill-replica", 15.0, 16.0, target=R2)
    log(run)
    run.calls = [each for each in run.calls if not begins < each.t < ends]
    context = found(run, tmp_path)
    assert (context.status, context.out_of_sight) == (Status.UNKNOWN, False)


def test_a_violation_beside_a_gap_in_the_log_is_still_one(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    run.fault("kill-replica", 30.0, 33.0, target=R2)
    log(run, after(33.0, last(2)))
    run.calls = [each for each in run.calls if not 10 < each.t < 20]
    assert set(failed(run, tmp_path)) == {"context_missed"}


def answered_by_a_callback(conversation: Conversation, turn: int) -> list[int] | None:
    return None if (conversation.index + turn) % 5 == 0 else everything(conversation, turn)


def test_turns_that_a_callback_answers_in_calm_too_are_left_out(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    run.fault("kill-replica", 30.0, 33.0, target=R2)
    log(run, answered_by_a_callback)
    context = found(run, tmp_path)
    assert context.status is Status.PASS
    assert "as in calm" in context.summary


def test_an_agent_that_rewrites_every_message_is_not_judged(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    run.fault("kill-replica", 30.0, 33.0, target=R2)
    log(run)
    run.calls = [
        structs.replace(each, messages=tuple(message(f"said {text}") for text in each.messages))
        for each in run.calls
    ]
    context = found(run, tmp_path)
    assert (context.status, context.out_of_sight) == (Status.UNKNOWN, True)


def test_the_log_of_another_clock_is_joined_within_a_tenth_of_a_second(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    log(run)
    run.calls = [structs.replace(each, t=each.t - 0.08) for each in run.calls]
    assert found(run, tmp_path).status is Status.PASS


def test_replicas_that_the_turns_do_not_name_are_joined_all_the_same(tmp_path: Path) -> None:
    run = a_run()
    night(run)
    run.fault("kill-replica", 30.0, 33.0, target=R2)
    log(run, after(33.0, last(2)), caller="")
    assert set(failed(run, tmp_path)) == {"context_missed"}


def now_and_then(conversation: Conversation, turn: int) -> list[int]:
    shown = everything(conversation, turn)
    return shown[1:] if turn and (7 * conversation.index + turn) % 20 == 0 else shown


def test_irregular_omissions_before_the_faults_are_not_by_design(tmp_path: Path) -> None:
    run = a_run()
    night(run, talks=120)
    run.fault("kill-replica", 30.0, 33.0, target=R2)
    log(run, now_and_then)
    context = found(run, tmp_path)
    assert (context.status, context.out_of_sight) == (Status.UNKNOWN, False)
