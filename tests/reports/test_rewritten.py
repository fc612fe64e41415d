"""Texts stored otherwise: an application that rewrites some is told from a store that mixes up."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from reports.records import HistoryItem, Likeness, Status, digest
from tests.reports.a_run import Conversation, Run, answered, message, reply, said
from tests.reports.convictions import Judge, findings

TALKS, TURNS = 120, 3
KINDS = ("message", "reply")
Change = Callable[[Conversation, int, str], tuple[str, Likeness | None]]
"""The conversation, the number of the turn and the kind → what is stored, and its comparison."""


def _text(talk: Conversation, turn: int, kind: str) -> str:
    return f"{kind} of {talk.id(turn)}, rewritten"


def near_copy(talk: Conversation, turn: int, kind: str) -> tuple[str, Likeness | None]:
    """A placeholder for one of ten words."""
    name = digest(_text(talk, turn, kind))
    return name, Likeness(name, kind, turn, 10, 10, 9, 4, (77,), (talk.index * 4 + turn + 1000,))


def appended(talk: Conversation, turn: int, kind: str) -> tuple[str, Likeness | None]:
    """A notice after each text."""
    name = digest(_text(talk, turn, kind))
    return name, Likeness(name, kind, turn, 14, 10, 10, 10, (5, 6, 7, 8), ())


def respaced(talk: Conversation, turn: int, kind: str) -> tuple[str, Likeness | None]:
    """The same words with other marks between them."""
    name = digest(_text(talk, turn, kind))
    return name, Likeness(name, kind, turn, 10, 10, 10, 10)


def another_number(talk: Conversation, turn: int, kind: str) -> tuple[str, Likeness | None]:
    """The number of somebody else's order in place of one's own."""
    name, number = digest(_text(talk, turn, kind)), talk.index * 4 + turn
    return name, Likeness(name, kind, turn, 10, 10, 9, 4, (number + 1000,), (number + 3000,))


def lacking(talk: Conversation, turn: int, kind: str) -> tuple[str, Likeness | None]:
    """A part in the middle is missing."""
    name, number = digest(_text(talk, turn, kind)), talk.index * 4 + turn
    return name, Likeness(name, kind, turn, 8, 10, 8, 4, (), (number + 1000, number + 3000))


def cut_off(talk: Conversation, turn: int, kind: str) -> tuple[str, Likeness | None]:
    """The first words only."""
    name = digest(_text(talk, turn, kind))
    return name, Likeness(name, kind, turn, 6, 10, 6, 6)


def garbled(talk: Conversation, turn: int, kind: str) -> tuple[str, Likeness | None]:
    """Other words."""
    name = digest(_text(talk, turn, kind))
    return name, Likeness(name, kind, turn, 10, 10, 1, 0)


def not_compared(talk: Conversation, turn: int, kind: str) -> tuple[str, Likeness | None]:
    """A text of a run whose texts were not compared."""
    return digest(_text(talk, turn, kind)), None


def removed(talk: Conversation, turn: int, kind: str) -> tuple[str, Likeness | None]:
    """The same text wherever something is taken out."""
    name = digest("[removed]")
    return name, Likeness(name, kind, turn, 1, 10, 0, 0)


def another_turns(talk: Conversation, turn: int, kind: str) -> tuple[str, Likeness | None]:
    """The text of another customer's turn, which is much like it."""
    name = f"c{(talk.index + 7) % TALKS}t{turn}"
    text = message(name) if kind == "message" else reply(name)
    return text, Likeness(text, kind, turn, 10, 10, 9, 4)


def stored(
    change: Change,
    share: float,
    *,
    kind: str = "reply",
    only: Callable[[float], bool] = lambda at: True,
    retried: float = 0.0,
    seed: int = 1,
) -> Run:
    """A run with a fault in which this share of the texts is changed; `only` at some times."""
    run, chance = Run(), random.Random(seed)
    run.fault("kill-replica", 20.0, 25.0, target="r01")
    for number in range(TALKS):
        talk = run.conversation(start=6.0 + number * 0.4)
        items: list[HistoryItem] = []
        found: list[Likeness] = []
        for turn in range(TURNS):
            again = chance.random() < retried
            talk.turn(seen=None, attempts=1 + again, unsure=int(again))
            both = [said(talk.id(turn)), answered(talk.id(turn))]
            if chance.random() < share and only(talk.turns[-1].sent):
                place = KINDS.index(kind)
                name, likeness = change(talk, turn, kind)
                both[place] = structs.replace(both[place], digest=name)
                found += [likeness] if likeness else []
            items += both
        talk.audit(items)
        talk.audits[0] = structs.replace(talk.audits[0], likeness=tuple(found) or None)
    return run


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.01, 0.02, 0.3, 1.0])
@pytest.mark.parametrize("change", [near_copy, removed, appended, respaced])
def test_an_application_may_rewrite_any_share_of_its_texts(
    convictions: Judge, tmp_path: Path, change: Change, share: float, kind: str
) -> None:
    run = stored(change, share, kind=kind)
    assert convictions(run) == {}
    found = findings(run, tmp_path)
    assert found["forked"].status is Status.PASS
    assert found["stored_otherwise"].value


def test_an_application_may_rewrite_at_retries_too(convictions: Judge, tmp_path: Path) -> None:
    run = stored(near_copy, 0.04, retried=0.1)
    assert convictions(run) == {}
    assert findings(run, tmp_path)["forked"].status is Status.PASS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.01, 0.3, 1.0])
def test_a_text_of_another_turn_is_forked_in_any_share(
    convictions: Judge, tmp_path: Path, share: float, kind: str
) -> None:
    run = stored(another_turns, share, kind=kind)
    assert "forked" in convictions(run)
    evidence = findings(run, tmp_path)["forked"].evidence[0]
    assert "one of the two is the text of turn c" in evidence


@pytest.mark.parametrize("change", [another_number, lacking])
@pytest.mark.parametrize("share", [0.005, 0.02])
def test_near_copies_without_words_of_the_application_are_a_doubt(
    convictions: Judge, tmp_path: Path, change: Change, share: float
) -> None:
    run = stored(change, share)
    assert convictions(run) == {}
    assert findings(run, tmp_path)["forked"].status is Status.UNKNOWN


@pytest.mark.parametrize("change", [cut_off, garbled])
def test_texts_that_a_store_damages_are_forked(convictions: Judge, change: Change) -> None:
    assert "forked" in convictions(stored(change, 0.01))


def test_near_copies_only_beside_faults_are_forked(convictions: Judge) -> None:
    run = stored(near_copy, 0.5, only=lambda at: 20 <= at <= 25)
    assert "forked" in convictions(run)


def test_near_copies_only_at_retries_are_two_answers(convictions: Judge) -> None:
    run = stored(near_copy, 0.0, retried=0.1)
    for talk in run.conversations:
        for turn in talk.turns:
            if turn.attempts > 1:
                name, likeness = near_copy(talk, turn.turn, "reply")
                items = [
                    structs.replace(item, digest=name)
                    if (item.turn_id, item.kind) == (turn.turn_id, "reply")
                    else item
                    for item in talk.audits[0].history
                ]
                talk.audits[0] = structs.replace(
                    talk.audits[0], history=tuple(items), likeness=(likeness,)
                )
    assert "forked" in convictions(run)


@pytest.mark.parametrize("share", [0.01, 0.02])
def test_texts_of_a_few_turns_that_were_not_compared_are_a_doubt(
    convictions: Judge, tmp_path: Path, share: float
) -> None:
    run = stored(not_compared, share)
    assert convictions(run) == {}
    assert findings(run, tmp_path)["forked"].status is Status.UNKNOWN


def test_texts_that_were_not_compared_are_judged_as_one_group(
    convictions: Judge, tmp_path: Path
) -> None:
    """Chance may put all texts with the same placeholder into the calm, the others beside it."""

    def rewritten(talk: Conversation, turn: int, kind: str) -> tuple[str, Likeness | None]:
        is_calm = not 15 <= talk.turns[-1].sent <= 30
        return (removed if is_calm else not_compared)(talk, turn, kind)[0], None

    run = stored(rewritten, 0.1)
    assert convictions(run) == {}
    assert findings(run, tmp_path)["forked"].status is Status.PASS


@pytest.mark.parametrize("model_said", [True, False])
def test_a_reply_of_another_customer_is_no_habit_of_the_application(
    convictions: Judge, model_said: bool
) -> None:
    """The store is right, but three customers in ten got the answer to somebody else."""
    run, chance = stored(near_copy, 0.0), random.Random(2)
    for talk in run.conversations:
        for place, turn in enumerate(talk.turns):
            right = turn.reply if model_said else None
            wrong = reply(f"c{(talk.index + 5) % TALKS}t{place}")
            mixed = chance.random() < 0.3
            talk.turns[place] = structs.replace(
                turn, reply=wrong if mixed else turn.reply, said=right
            )
    found = convictions(run)
    assert found.get("forked", 0) > 0.15 * TALKS * TURNS


def test_an_answer_that_moderation_replaces_is_nobody_elses(convictions: Judge) -> None:
    """The store holds the model's reply, and one customer in ten was told something general."""
    run, chance = stored(near_copy, 0.0), random.Random(2)
    for talk in run.conversations:
        for place, turn in enumerate(talk.turns):
            if chance.random() < 0.1:
                general = digest("please ask our support")
                talk.turns[place] = structs.replace(turn, reply=general)
    assert convictions(run) == {}
