"""A plugin that rewrites messages for the model is no loss of context, by the stand-in's log."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from msgspec import structs

from reports.records import Status, digest
from tests.reports.a_run import Conversation, Run, message
from tests.reports.model_log import a_run, call, everything, failed, found, night

SHARES = (0.2, 1.0)


def redacting(
    share: float, *, stored: bool, forget: int | None = None, words: int | None = None
) -> Run:
    """A plugin rewrites this share of the messages, before they are stored or only for the model.

    `forget`: a conversation whose last call leaves out its first message.  `words`: so many
    different messages are all that customers say after their first one.
    """
    run, chance = a_run(), random.Random(1)
    run.fault("kill-replica", 20.0, 22.0)
    night(run, talks=40, turns=3)
    for talk in run.conversations:
        if words is not None:
            say(talk, [message(f"word {chance.randrange(words)}") for _ in talk.turns[1:]])
        names = {t.turn_id: t.message for t in talk.turns}
        hidden = {name for name in names if chance.random() < share}
        names |= {name: digest(f"redacted {name}") for name in hidden}
        for turn in talk.turns:
            last = talk.index == forget and turn is talk.turns[-1]
            before = [talk.turns[each].turn_id for each in everything(talk, turn.turn)[last:]]
            texts = [names[name] for name in before]
            run.calls += [
                call(turn, texts, answer="call", names=("find_order",)),
                call(turn, texts, 0.1, steps="CR", results=("0" * 16,)),
            ]
        if stored:
            items = [
                structs.replace(each, digest=names[each.turn_id])
                if each.kind == "message" and each.turn_id is not None
                else each
                for each in talk.audits[0].history
            ]
            talk.audits[0] = structs.replace(talk.audits[0], history=tuple(items))
    return run


def say(talk: Conversation, words: list[str]) -> None:
    """Let the customer say these words after the first message."""
    said = {turn.turn_id: word for turn, word in zip(talk.turns[1:], words, strict=True)}
    talk.turns[1:] = [structs.replace(turn, message=said[turn.turn_id]) for turn in talk.turns[1:]]
    items = [
        structs.replace(item, digest=said.get(str(item.turn_id), item.digest))
        if item.kind == "message"
        else item
        for item in talk.audits[0].history
    ]
    talk.audits[0] = structs.replace(talk.audits[0], history=tuple(items))


def test_a_rewritten_message_that_others_say_too_is_the_context(tmp_path: Path) -> None:
    run = redacting(0.2, stored=True, words=9)
    assert failed(run, tmp_path) == {}
    assert found(run, tmp_path).status is Status.PASS


@pytest.mark.parametrize("share", SHARES)
def test_messages_rewritten_before_they_are_stored_are_the_context(
    share: float, tmp_path: Path
) -> None:
    run = redacting(share, stored=True)
    assert failed(run, tmp_path) == {}
    assert found(run, tmp_path).status is Status.PASS


@pytest.mark.parametrize(("share", "status"), [(0.2, Status.PASS), (1.0, Status.UNKNOWN)])
def test_messages_rewritten_only_for_the_model_are_no_missing_context(
    share: float, status: Status, tmp_path: Path
) -> None:
    run = redacting(share, stored=False)
    assert failed(run, tmp_path) == {}
    assert found(run, tmp_path).status is status


def test_a_plugin_that_rewrites_some_messages_hides_no_missing_context(tmp_path: Path) -> None:
    run = redacting(0.2, stored=True, forget=30)
    assert failed(run, tmp_path) == {"context_missed": 1}
