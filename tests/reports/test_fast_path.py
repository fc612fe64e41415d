"""The fast path acquits only conversations that the full check acquits, and counts the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.measures.continuity.conversation_judge import ConversationJudge
from reports.measures.continuity.fast_path import audits_are, turns_are
from reports.measures.continuity.tallies import Tallies
from reports.records import HistoryItem, Outcome
from tests.reports.a_run import TTL, Conversation, Run, whole


def short_and_long(run: Run) -> tuple[tuple[bool, int] | None, Tallies, list[Any]]:
    """The results of the fast path and of the full check on the run's only conversation."""
    with tempfile.TemporaryDirectory() as scratch:
        history = run.history(Path(scratch))
    ((_, (record,), turns, audits),) = history.talks()
    plain = record.opened is not None and bool(turns) and turns_are(record, turns, audits, TTL)
    found = audits_are(record, turns, audits, TTL) if plain else None
    tallies = Tallies()
    violations = ConversationJudge(history, 0, record, tallies).judge(turns, audits)
    told = None if found is None else (found.audited, found.read_late)
    return told, tallies, violations


def test_a_sound_conversation_takes_the_short_way() -> None:
    run = Run()
    run.sound()
    found, tallies, violations = short_and_long(run)
    assert found == (True, 1)
    assert violations == []
    assert (tallies.opened, tallies.audited, tallies.read_late) == (1, 1, 1)


def test_a_retried_turn_takes_the_long_way() -> None:
    run = Run()
    run.conversation().turn().turn(attempts=2).audit()
    assert short_and_long(run)[0] is None


GAPS = st.sampled_from([0.5, 1.0, 5.0, TTL - 0.4, TTL - 0.2, TTL, TTL + 0.2, TTL + 2.0])


@st.composite
def conversations(draw: st.DrawFn) -> Run:
    """A conversation that is sound but for a few accidents."""
    run = Run()
    conversation = run.conversation(is_opened=draw(st.integers(0, 9)) > 0)
    at = 10.0
    for _ in range(draw(st.integers(1, 4))):
        outcome = draw(st.sampled_from([Outcome.OK] * 8 + [Outcome.INFO, Outcome.FAIL]))
        conversation.turn(at, outcome, attempts=draw(st.sampled_from([1] * 9 + [2])))
        at = conversation.ended + draw(GAPS)
    if draw(st.integers(0, 4)) == 0:
        conversation.deleted = conversation.ended + draw(st.sampled_from([-0.1, 0.05, 1.0]))
    for _ in range(draw(st.integers(0, 2))):
        status = draw(st.sampled_from(["found", "found", "gone", "unknown"]))
        user = draw(st.sampled_from([None] * 9 + ["u9"]))
        conversation.audit(accident(draw, conversation), status=status, at=at, user=user)
        at += draw(GAPS)
    return run


def accident(draw: st.DrawFn, conversation: Conversation) -> list[HistoryItem]:
    """The right history, with something done to it more often than not."""
    items = whole(*conversation.acknowledged())
    what = draw(st.sampled_from(["nothing", "nothing", "drop", "double", "swap", "alter"]))
    if not items or what == "nothing":
        return items
    place = draw(st.integers(0, len(items) - 1))
    if what == "drop":
        del items[place]
    elif what == "double":
        items.insert(place, items[place])
    elif what == "swap":
        items[place], items[-1] = items[-1], items[place]
    else:
        item = items[place]
        items[place] = draw(
            st.sampled_from(
                [
                    HistoryItem(None, item.kind, item.digest),
                    HistoryItem("c7t0", item.kind, item.digest),
                    HistoryItem(item.turn_id, "reply", item.digest),
                    HistoryItem(item.turn_id, item.kind, "0" * 16),
                ]
            )
        )
    return items


@settings(max_examples=400, deadline=None)
@given(conversations())
def test_the_fast_path_and_the_slow_path_agree(run: Run) -> None:
    found, tallies, violations = short_and_long(run)
    if found is None:
        return
    assert violations == []
    assert tallies.within_durability == 0
    assert (bool(tallies.audited), tallies.read_late) == found
    assert tallies.acknowledged == tallies.witnessed == len(run.conversations[0].turns)


@settings(max_examples=400, deadline=None)
@given(conversations())
def test_the_fast_path_skips_the_walk_and_finds_the_same(run: Run) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        history = run.history(Path(scratch))
    ((_, (record,), turns, audits),) = history.talks()
    if record.opened is None or not turns_are(record, turns, audits, TTL):
        return
    walked, left_out = Tallies(), Tallies()
    found = [
        ConversationJudge(history, 0, record, tallies).judge(turns, audits, plain=plain)
        for tallies, plain in ((walked, False), (left_out, True))
    ]
    assert found[0] == found[1]
    assert walked == left_out
