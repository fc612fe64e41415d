"""Answers of tools that do not run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from target_service.stand_in.replies import kept
from target_service.stand_in.replies.kept import KeptAnswer
from target_service.stand_in.replies.tool_answers import ToolAnswers
from tests.target_service.generated import FIXED
from tests.target_service.stand_in.replies import schemas

ARGS = {"order_id": "ORD-58291"}


def test_a_tool_that_declares_nothing_says_that_it_was_successful() -> None:
    answer = ToolAnswers().answer("track", ARGS, None)
    assert answer == {"status": "success", "tool": "track", "order_id": "ORD-58291"}


@FIXED
@given(schema=schemas.any_schema)
def test_an_answer_is_valid_by_the_schema_of_the_answers(schema: schemas.Schema) -> None:
    answer: Any = ToolAnswers().answer("track", ARGS, schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid(answer) or validator.is_valid(answer["result"])


@pytest.fixture
def recorded(tmp_path: Path) -> ToolAnswers:
    """The answers to two orders."""
    for args, answer in (
        ({"order_id": "A-1"}, {"order": "A-1", "city": "Pune"}),
        ({"order_id": "A-2"}, {"order": "A-2", "city": "Delhi"}),
    ):
        kept.append(tmp_path / kept.ANSWERS, KeptAnswer("track", args, answer))
    kept.append(tmp_path / kept.ANSWERS, KeptAnswer("say", {}, "done"))
    kept.append(tmp_path / kept.ANSWERS, KeptAnswer("list", {}, '["a", "b"]'))
    return ToolAnswers(tmp_path)


def test_the_recorded_answer_to_the_same_arguments_is_given(recorded: ToolAnswers) -> None:
    answer = recorded.answer("track", {"order_id": "A-2"}, None)
    assert answer == {"order": "A-2", "city": "Delhi"}


def test_other_numbers_get_the_recorded_answer_with_their_own(recorded: ToolAnswers) -> None:
    answer = recorded.answer("track", {"order_id": "B-9"}, None)
    assert answer == {"order": "B-9", "city": "Pune"}


def test_an_answer_that_is_no_table_becomes_the_result(recorded: ToolAnswers) -> None:
    assert recorded.answer("say", {}, None) == {"result": "done"}
    assert recorded.answer("list", {"x": 1}, None) == {"result": ["a", "b"]}


def test_a_tool_that_was_not_recorded_gets_a_made_answer(recorded: ToolAnswers) -> None:
    assert recorded.answer("pay", {}, None) == {"status": "success", "tool": "pay"}
