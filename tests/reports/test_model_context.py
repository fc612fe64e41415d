"""The context of the model, judged by the log of its stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from reports.checks import run_checks
from reports.checks.continuity import check_continuity
from reports.measures.continuity.all_conversations import take_tallies
from reports.records import Finding, Outcome, Status
from tests.reports import model_log
from tests.reports.a_run import TTL, Conversation, Run, message, whole
from tests.reports.model_log import Shows, a_run, everything, last, log, night, stale, talk

R1, R2, R3 = "r01", "r02", "r03"


def found(run: Run, tmp_path: Path, gate: str = "context_missed") -> Finding:
    """The finding on the context, or on another question of continuity."""
    findings = run_checks(run.history(tmp_path))
    return next(each for each in findings if each.check == f"continuity.{gate}")


def failed(run: Run, tmp_path: Path) -> dict[str, float | None]:
    """The failed questions of continuity."""
    findings = check_continuity(run.history(tmp_path))
    return {f.check.partition(".")[2]: f.value for f in findings if f.status is Status.FAIL}


def after(second: float, then: Shows, before: Shows = everything) -> Shows:
    """`before` until this run time, `then` from it on."""
    return lambda conversation, turn: (then if conversation.turns[turn].sent >= second else before)(
        conversation, turn
    )


def calm(run: Run, talks: int = 6, turns: int = 5, *, at: float = -20.0) -> list[Conversation]:
    """Conversations of the rehearsal, each at one replica; they are no part of the run."""
    played = Run()
    for number in range(talks):
        talk(played, at + number, [f"r{number % 3 + 1:02}"] * turns)
    run.rehearsed += [turn for each in played.conversations for turn in each.turns]
    return played.conversations


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


def test_what_is_left_out_only_after_a_fault_is_a_violation(tmp_path: Path) -> None:
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
def test_what_an_agent_leaves_out_by_design_is_unknown_and_does_not_count(
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
def test_what_the_declared_durability_may_lose_need_not_be_shown(
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


def test_what_is_left_out_now_and_then_in_calm_is_no_design(tmp_path: Path) -> None:
    run = a_run()
    night(run, talks=120)
    run.fault("kill-replica", 30.0, 33.0, target=R2)
    log(run, now_and_then)
    context = found(run, tmp_path)
    assert (context.status, context.out_of_sight) == (Status.UNKNOWN, False)
