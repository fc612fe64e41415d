"""Records read from their file equal the written ones, in any order of reading."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.measures.percentiles import ascending
from reports.records import Fate, Outcome, RecordWriter, TurnRecord
from reports.records.columns import (
    OK,
    OUTCOME,
    RETRIED,
    TROUBLED,
    WORDLESS,
    Audits,
    Conversations,
    Turns,
)
from reports.records.disk_sequence import side_by_side
from reports.records.history import HistoryError
from tests.reports.a_run import Run


def mixed() -> list[TurnRecord]:
    """Turns of conversations 0 to 29, taken in turns, some of them written late."""
    run = Run()
    for number in range(30):
        conversation = run.conversation(start=6.0 + number / 10)
        for turn in range(number % 4 + 1):
            conversation.turn(outcome=Outcome.INFO if turn == 2 else Outcome.OK)
    turns = [turn for conversation in run.conversations for turn in conversation.turns]
    random.Random(1).shuffle(turns)
    return turns


@pytest.fixture(params=["in a file", "in memory"])
def turns(request: pytest.FixtureRequest, tmp_path: Path) -> Turns:
    if request.param == "in memory":
        return Turns(mixed())
    with RecordWriter(tmp_path) as writer:
        for turn in mixed():
            writer.write(turn)
    return Turns(tmp_path / "turns.jsonl")


def test_every_record_is_read_back_by_its_number(turns: Turns) -> None:
    assert [turns[number] for number in range(len(turns))] == mixed()
    assert turns[3:7] == mixed()[3:7]
    assert turns[len(turns) - 1] == mixed()[-1]


def test_the_columns_agree_with_the_records(turns: Turns) -> None:
    for number, record in enumerate(mixed()):
        assert turns.conversation[number] == record.conversation
        assert (turns.due[number], turns.done[number]) == (record.due, record.done)
        assert turns.replicas[turns.replica[number]] == record.replica
        assert (turns.state[number] & OUTCOME == OK) == (record.outcome is Outcome.OK)
        assert bool(turns.state[number] & WORDLESS) == (record.reply is None)
    assert turns.answered == sum(t.outcome is Outcome.OK for t in mixed())
    assert turns.attempts == len(mixed())


def test_a_conversation_s_turns_come_in_the_order_in_which_they_were_taken(turns: Turns) -> None:
    for conversation in range(30):
        expected = [turn for turn in mixed() if turn.conversation == conversation]
        assert turns.of(conversation) == sorted(expected, key=lambda turn: turn.turn)
    assert turns.of(30) == []


def test_every_conversation_comes_once_with_its_records_of_all_kinds(turns: Turns) -> None:
    assert [conversation for conversation, _ in turns.talks()] == list(range(30))
    run = Run()
    for number in (3, 4, 31, 35):
        run.conversation(start=6.0).index = number
    talks = Conversations([talk.record() for talk in run.conversations])
    audits = Audits(
        [run.conversations[0].audit().audits[0], run.conversations[2].audit().audits[0]]
    )
    every = list(side_by_side(talks, turns, audits))
    assert [index for index, *_ in every] == [*range(30), 31, 35]
    for index, *records in every:
        assert records == [talks.of(index), turns.of(index), audits.of(index)]
    assert list(side_by_side(Conversations(), Turns(), Audits())) == []


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """1,800 turns, some neighbours near each other and some far apart, in more than one reading."""
    run = Run()
    for number in range(600):
        talk = run.conversation(start=6.0 + number / 10)
        for _ in range(3):
            talk.turn()
    taken = sorted(
        (turn for talk in run.conversations for turn in talk.turns),
        key=lambda turn: (turn.turn * (turn.conversation % 5), turn.conversation),
    )
    with RecordWriter(tmp_path) as writer:
        for turn in taken:
            writer.write(turn)
    assert (tmp_path / "turns.jsonl").stat().st_size > 3 * (1 << 17)
    return tmp_path / "turns.jsonl"


def test_records_read_together_are_those_read_one_by_one(many: Path) -> None:
    turns = Turns(many)
    read = dict(turns.read_talks())
    assert list(read) == list(range(600))
    for conversation, records in read.items():
        assert records == turns.of(conversation)
        assert [turn.turn for turn in records] == [0, 1, 2]


def test_all_records_come_in_the_order_of_their_file(turns: Turns, many: Path) -> None:
    assert list(turns) == mixed()
    long = Turns(many)
    assert list(long) == [long[number] for number in range(len(long))]


def test_a_late_line_that_is_no_record_is_named_by_its_number(many: Path) -> None:
    lines = many.read_bytes().splitlines(keepends=True)
    many.write_bytes(b"".join([*lines[:1233], b'{"t":1.0}\n', *lines[1233:]]))
    with pytest.raises(HistoryError, match="line 1234: must be a TurnRecord"):
        Turns(many)


def test_a_late_damaged_line_is_left_out_and_named_by_its_number(many: Path) -> None:
    before = list(Turns(many))
    lines = many.read_bytes().splitlines(keepends=True)
    many.write_bytes(b"".join([*lines[:1233], b"hello\n", *lines[1233:]]))
    turns = Turns(many)
    assert [(each.file, each.line) for each in turns.damaged] == [("turns.jsonl", 1234)]
    assert list(turns) == before


def test_a_long_file_whose_last_line_was_cut_off_is_read_up_to_it(many: Path) -> None:
    whole = list(Turns(many))
    many.write_bytes(many.read_bytes()[:-20])
    assert list(Turns(many)) == whole[:-1]


def test_a_turn_is_found_by_its_id(turns: Turns) -> None:
    for record in mixed():
        assert turns.sent_as(record.turn_id) == record
    assert turns.sent_as("nobody's") is None


def test_the_flags_of_a_turn() -> None:
    run = Run()
    talk = run.conversation().turn(attempts=2, error="reset")
    talk.turn(outcome=Outcome.FAIL, error="refused").turn()
    states = Turns(talk.turns).state
    assert [bool(state & RETRIED) for state in states] == [True, False, False]
    assert [bool(state & TROUBLED) for state in states] == [True, True, False]


@given(st.lists(st.integers(0, 2**53), max_size=60))
def test_any_numbers_of_conversations_are_put_in_order(owners: list[int]) -> None:
    (record,) = Run().conversation().turn().turns
    turns = Turns(msgspec.structs.replace(record, conversation=owner) for owner in owners)
    assert [owner for owner, _ in turns.talks()] == sorted(set(owners))
    assert sorted(turns.by_conversation) == list(range(len(owners)))


def test_the_last_of_two_records_of_a_conversation_counts() -> None:
    run = Run()
    first, second = run.conversation(), run.conversation()
    again = run.conversation(fate=Fate.LOST)
    again.index = first.index
    records = Conversations([talk.record() for talk in (first, second, again)])
    assert dict(records.fates) == {Fate.LOST: 1, Fate.OFFERED: 1}
    assert len(records.of(first.index)) == 2


def test_a_path_that_is_not_a_file_is_refused_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    assert len(Turns(tmp_path / "turns.jsonl")) == 0
    (tmp_path / "turns.jsonl").write_text("hello\n")
    with pytest.raises(HistoryError, match="line 1"):
        Turns(tmp_path / "turns.jsonl")


@given(st.lists(st.floats(-1e10, 1e10) | st.sampled_from([0.0, 1.0])), st.integers(1, 300))
def test_values_are_put_in_order_at_once_or_in_parts(values: list[float], at_once: int) -> None:
    assert list(ascending(values)) == sorted(values)
    assert list(ascending(values, at_once)) == sorted(values)
