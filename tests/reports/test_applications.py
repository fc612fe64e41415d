"""Messages changed by the application are told apart from messages changed by the store."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from reports.checks.continuity import check_continuity
from reports.measures.continuity.attribution import attribute
from reports.records import Finding, HistoryItem, Seen, Status, chain, digest
from reports.records.run_description import EnvironmentDescription
from tests.reports.a_run import Conversation, Run, answered, message, reply, said, step, whole
from tests.reports.convictions import Judge, findings

GREETING = HistoryItem(None, "reply", digest("Welcome!"))


def redacted(turn_id: str, kind: str) -> HistoryItem:
    """The message or the reply of a turn, as a plugin that takes out names leaves it."""
    return HistoryItem(turn_id, kind, digest(f"{kind} of {turn_id} without a name"))


def rewritten(run: Run, *, kind: str, seen_as: str = "stored") -> Conversation:
    """A conversation of three turns of which a plugin rewrites the messages, or the replies."""
    talk = run.conversation(start=10.0 + len(run.conversations) / 10)
    history: list[HistoryItem] = []
    shown: list[str] = []
    for number in range(3):
        turn_id = talk.id(number)
        first = redacted(turn_id, "message") if kind == "message" else said(turn_id)
        last = redacted(turn_id, "reply") if kind == "reply" else answered(turn_id)
        history += [first, last]
        shown.append(first.digest if seen_as == "stored" else message(turn_id))
        talk.turn(seen=Seen(number + 1, chain(shown)))
    return talk.audit(history)


@pytest.mark.parametrize("kind", ["message", "reply"])
@pytest.mark.parametrize("seen_as", ["stored", "sent"])
def test_texts_rewritten_by_a_plugin_without_faults_are_counted_apart(
    convictions: Judge, tmp_path: Path, kind: str, seen_as: str
) -> None:
    run = Run()
    for _ in range(4):
        rewritten(run, kind=kind, seen_as=seen_as)
    assert convictions(run) == {}
    apart = findings(run, tmp_path)["stored_otherwise"]
    assert (apart.status, apart.value) == (Status.PASS, 12)


def test_a_plugin_that_rewrites_one_turn_in_ten_is_counted_apart(convictions: Judge) -> None:
    run = Run()
    for _ in range(4):
        rewritten(run, kind="reply")
    for _ in range(30):
        run.sound()
    assert convictions(run) == {}


def test_a_plugin_is_known_by_the_calm_turns_where_most_turns_are_beside_a_fault(
    convictions: Judge,
) -> None:
    run = Run()
    run.fault("kill-replica", 20.0, 40.0)
    for _ in range(2):
        rewritten(run, kind="message")
    for _ in range(100):
        run.sound(start=22.0)
    assert convictions(run) == {}


@pytest.mark.parametrize("kind", ["message", "reply"])
def test_a_text_of_one_turn_in_many_that_is_stored_otherwise_is_forked(
    convictions: Judge, kind: str
) -> None:
    run = Run()
    for _ in range(40):
        run.sound()
    rewritten(run, kind=kind)
    assert convictions(run) == {"forked": 3}


def test_texts_that_are_stored_otherwise_only_beside_a_fault_are_forked(
    convictions: Judge,
) -> None:
    run = Run()
    run.fault("kill-replica", 9.0, 12.0)
    for _ in range(4):
        rewritten(run, kind="reply")
    for _ in range(20):
        run.sound(start=30.0)
    assert convictions(run) == {"forked": 12}


def test_without_calm_turns_nothing_shows_whether_a_plugin_rewrites(
    convictions: Judge, tmp_path: Path
) -> None:
    run = Run()
    run.fault("kill-replica", 9.0, 12.0)
    for _ in range(4):
        rewritten(run, kind="reply")
    assert convictions(run) == {}
    assert findings(run, tmp_path)["forked"].status is Status.UNKNOWN


@pytest.mark.parametrize("kind", ["message", "reply"])
@pytest.mark.parametrize("seed", range(12))
def test_a_plugin_that_rewrites_a_fifth_of_a_short_run_is_no_fork(
    convictions: Judge, kind: str, seed: int
) -> None:
    # As in a run of `smoke` on a busy machine: 9 of 114 turns are far from every fault.
    run = Run()
    run.fault("kill-replica", 9.0, 18.0)
    run.fault("kill-redis", 20.0, 21.0)
    chance = random.Random(seed)
    for number in range(38):
        talk = run.conversation(start=10.0 + number / 10 if number > 2 else 30.0)
        history: list[HistoryItem] = []
        shown: list[str] = []
        for turn in range(3):
            turn_id = talk.id(turn)
            items = [said(turn_id), answered(turn_id)]
            if chance.random() < 0.2:
                items[kind == "reply"] = redacted(turn_id, kind)
            history += items
            shown.append(items[0].digest)
            talk.turn(seen=Seen(turn + 1, chain(shown)))
        talk.audit(history)
    assert convictions(run) == {}


def test_too_few_calm_turns_leave_open_whether_a_plugin_rewrites(
    convictions: Judge, tmp_path: Path
) -> None:
    run = Run()
    run.fault("kill-replica", 9.0, 12.0)
    rewritten(run, kind="reply")
    rewritten(run, kind="reply")
    for _ in range(6):
        run.sound(start=11.0)
        run.sound(start=30.0)
    for _ in range(2):
        talk = run.conversation(start=30.0).turn()
        talk.audit([said(talk.id(0)), redacted(talk.id(0), "reply")])
    assert convictions(run) == {}
    assert findings(run, tmp_path)["forked"].status is Status.UNKNOWN


@pytest.mark.parametrize("seed", [18, 36, 49, 55, 66, 94])
def test_a_plugin_that_rewrites_one_turn_in_twenty_is_not_convicted(
    convictions: Judge, tmp_path: Path, seed: int
) -> None:
    # These seeds rewrite turns of two conversations or more, fewer of them far from the fault.
    run, chance = Run(), random.Random(seed)
    run.fault("kill-replica", 9.0, 18.0)
    for number in range(30):
        talk = run.conversation(start=10.0 if number % 2 else 30.0)
        history: list[HistoryItem] = []
        for turn in range(3):
            turn_id = talk.turn().id(turn)
            is_rewritten = chance.random() < 0.05
            last = redacted(turn_id, "reply") if is_rewritten else answered(turn_id)
            history += [said(turn_id), last]
        talk.audit(history)
    assert convictions(run) == {}
    assert findings(run, tmp_path)["forked"].status is Status.UNKNOWN


def test_texts_that_are_stored_otherwise_only_where_attempts_met_are_forked(
    convictions: Judge,
) -> None:
    run = Run()
    for _ in range(40):
        talk = run.conversation().turn(attempts=2, unsure=1)
        talk.audit([said(talk.id(0)), redacted(talk.id(0), "reply")])
    assert convictions(run) == {"forked": 40}


def test_a_plugin_hides_no_lost_turn_and_no_second_reply(convictions: Judge) -> None:
    run = Run()
    for _ in range(6):
        rewritten(run, kind="message")
    first, second = run.conversations[:2]
    first.audits.clear()
    kept = ((redacted(turn_id, "message"), answered(turn_id)) for turn_id in ("c0t0", "c0t2"))
    first.audit([item for turn in kept for item in turn])
    items = list(second.audits[0].history)
    second.audits.clear()
    second.audit([*items, HistoryItem("c1t2", "reply", digest("another"))])
    assert convictions(run) == {"lost": 1, "forked": 1}


def test_a_plugin_does_not_excuse_a_turn_that_the_model_was_not_shown(
    convictions: Judge,
) -> None:
    run = Run()
    for _ in range(6):
        rewritten(run, kind="message")
    talk = run.conversations[3]
    seen = Seen(1, chain([redacted(talk.id(2), "message").digest]))
    talk.turns[2] = msgspec.structs.replace(talk.turns[2], seen=seen)
    assert convictions(run) == {"context_missed": 1}


@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_greeting_or_a_note_of_the_agent_is_no_phantom(
    convictions: Judge, tmp_path: Path, place: int
) -> None:
    run = Run()
    history = whole("c0t0", "c0t1")
    run.conversation().turn().turn().audit([*history[:place], GREETING, *history[place:]])
    assert convictions(run) == {}
    found = findings(run, tmp_path)
    assert found["unprompted"].value == 1
    assert found["lost"].status is Status.PASS


def test_a_message_of_a_customer_without_a_turn_id_is_still_a_phantom(convictions: Judge) -> None:
    run = Run()
    stray = HistoryItem(None, "message", digest("hello"))
    run.conversation().turn().audit([GREETING, stray, *whole("c0t0")])
    assert convictions(run) == {"phantom": 1}


def test_a_note_after_a_reply_is_no_second_reply_of_a_service_without_turn_ids() -> None:
    run = Run()
    talk = run.conversation().turn().turn().audit()
    bare = [HistoryItem(None, i.kind, i.digest) for i in whole("c0t0", "c0t1")]
    audit = msgspec.structs.replace(talk.audits[0], history=(*bare[:3], GREETING, *bare[3:]))
    ids = [item.turn_id for item in attribute(audit, talk.turns).history]
    assert ids == ["c0t0"] * 3 + [None] + ["c0t1"] * 3


def test_a_reply_other_than_the_acknowledged_one_is_not_taken_for_a_note() -> None:
    run = Run()
    talk = (
        run.conversation().turn().audit([HistoryItem(None, "message", message("c0t0")), GREETING])
    )
    ids = [item.turn_id for item in attribute(talk.audits[0], talk.turns).history]
    assert ids == ["c0t0", "c0t0"]


@pytest.mark.parametrize(("given", "status"), [(2, Status.PASS), (1, Status.FAIL)])
def test_an_agent_may_repeat_a_text_that_the_customer_got_twice(
    convictions: Judge, tmp_path: Path, given: int, status: Status
) -> None:
    run = Run()
    again = HistoryItem("c0t0", "step", reply("c0t0"))
    steps = (step("c0t0").digest, *[reply("c0t0")] * (given - 1))
    talk = run.conversation().turn(steps=steps)
    talk.audit([said("c0t0"), step("c0t0"), again, answered("c0t0")])
    assert convictions(run) == {}
    assert findings(run, tmp_path)["steps"].status is status


def test_messages_that_are_rewritten_keep_their_place_at_a_service_without_turn_ids() -> None:
    run = Run()
    bare = [
        HistoryItem(None, kind, digest_of(turn_id))
        for turn_id in ("c0t0", "c0t1")
        for kind, digest_of in (("message", lambda name: digest(f"[{name}]")), ("reply", reply))
    ]
    talk = run.conversation().turn().turn().audit(bare)
    ids = [item.turn_id for item in attribute(talk.audits[0], talk.turns).history]
    assert ids == ["c0t0", "c0t0", "c0t1", "c0t1"]


def test_a_lost_turn_is_not_hidden_by_a_message_in_its_place() -> None:
    run = Run()
    kept = [HistoryItem(None, item.kind, item.digest) for item in whole("c0t1")]
    stray = HistoryItem(None, "message", digest("a stranger's"))
    talk = run.conversation().turn().turn().audit([*kept, stray])
    ids = [item.turn_id for item in attribute(talk.audits[0], talk.turns).history]
    assert ids == ["c0t1"] * 3 + [None]


def _foreign(run: Run, directory: Path) -> dict[str, Finding]:
    history = run.history(directory)
    info = structs.replace(history.run, foreign=True, environment=EnvironmentDescription())
    found = check_continuity(replace(history, run=info))
    return {finding.check.partition(".")[2]: finding for finding in found}


@pytest.mark.parametrize(("twice", "status"), [(5, Status.PASS), (100, Status.FAIL)])
def test_repeats_are_held_against_a_target_of_which_they_are_the_rule(
    tmp_path: Path, twice: int, status: Status
) -> None:
    run = Run()
    for number in range(100):
        talk = run.conversation(start=10.0 + number / 10)
        copies = 2 if number < twice else 1
        talk.turn(attempts=copies, unsure=copies - 1, seen=None)
        talk.audit(whole(*[talk.id(0)] * copies))
    repeated = _foreign(run, tmp_path)["repeated"]
    assert (repeated.status, repeated.value) == (status, twice)
