"""Logs of a stand-in written by hand: two calls a turn, with numbers that are easy to add up.

The first call of turn k (from 0) reads 1,000 + 300 k tokens and writes 20, the second reads 100
more and writes 80: together 2,100 + 600 k and 100.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import structs

from reports.model_cost.prices import ModelPrice, ModelPrices
from reports.records import ModelCall, TurnRecord
from reports.records.history import History
from tests.reports.a_run import Conversation, Run

MODEL = "gemini-2.5-flash"
PRICES = ModelPrices(
    currency="USD",
    date=date(2026, 11, 27),
    source="a list",
    assumed_model=MODEL,
    model=(
        ModelPrice(
            name=MODEL,
            input_per_million_tokens=1.0,
            output_per_million_tokens=10.0,
            source="https://example.org",
        ),
        ModelPrice(
            name="gpt-4o-mini",
            also=("gpt-4o-mini-old",),
            input_per_million_tokens=2.0,
            output_per_million_tokens=20.0,
            long_prompt_tokens=2000,
            long_input_per_million_tokens=4.0,
            long_output_per_million_tokens=40.0,
            source="https://example.org",
        ),
    ),
)
"""A turn k costs 2,100 + 600 k + 1,000 millionths of a dollar with the first model."""


def run(conversations: int = 6, turns: int = 4) -> Run:
    """Sound conversations, half a second apart."""
    made = Run()
    for number in range(conversations):
        made.sound(turns, start=10.0 + number / 2)
    return made


def call(turn: TurnRecord, messages: Iterable[str], step: int = 0, **values: Any) -> ModelCall:
    """A call of a turn: of the tool (step 0), or for the reply (step 1)."""
    shown = tuple(messages)
    at = turn.sent + 0.01 + 0.1 * step
    fields: dict[str, Any] = {
        "t": at,
        "done": at + 0.05,
        "dialect": "gemini",
        "status": 200,
        "model": MODEL,
        "agent": "shop",
        "caller": turn.replica or "",
        "answer": "call" if step == 0 else "text",
        "messages": shown,
        "steps": "" if step == 0 else "CR",
        "prompt_tokens": 1000 + 300 * (len(shown) - 1) + 100 * step,
        "output_tokens": 20 if step == 0 else 80,
    }
    return ModelCall(**{**fields, **values})


def calls_of(talk: Conversation) -> Iterator[ModelCall]:
    """Both calls of every turn of a conversation."""
    messages = [turn.message for turn in talk.turns]
    for turn in talk.turns:
        for step in (0, 1):
            yield call(turn, messages[: turn.turn + 1], step)


def log(made: Run) -> list[ModelCall]:
    """The calls of a whole run."""
    return [each for talk in made.conversations for each in calls_of(talk)]


def history(made: Run, folder: Path, calls: Iterable[ModelCall], **values: Any) -> History:
    """The history of a run with these calls; `values` are of `run.json`."""
    found = made.history(folder)
    return replace(found, call_records=list(calls), run=structs.replace(found.run, **values))
