"""How the tokens that a turn reads grow with the conversation: a straight line, a + b × turn.

A turn reads the whole conversation before it, so a conversation of n turns reads about
n × a + b × n (n − 1) / 2 tokens: its cost grows with the square of its turns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from reports.figures.derive import derive
from reports.figures.figure import Figure, Label, unknown
from reports.figures.least_squares import fitted
from reports.model_cost.placed import Kind, Placed

TOKENS = "tokens"
_FEWEST = 3
"""The turns of a number without which its mean is not shown."""
_TOO_FEW = "it needs turns of different numbers in at least three conversations"


class TurnRow(Struct, frozen=True, kw_only=True):
    """The turns of one number in their conversations."""

    turn: Annotated[int, Meta(ge=1)]
    """The number of the turn in its session, from 1."""
    turns: Annotated[int, Meta(ge=1)]
    """Turns of this number."""
    prompt_tokens: Annotated[float, Meta(ge=0)]
    """Tokens that such a turn reads, on average, all its calls together."""
    line: float | None
    """The same by the fitted line."""
    conversation: float | None
    """Tokens that a conversation of this many turns reads, by the line."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The line, and the means that it goes through."""

    first: Figure
    """Tokens that a first turn reads: a."""
    added: Figure
    """Tokens that each turn reads more than the one before it: b."""
    share: Figure
    """b / a."""
    rows: tuple[TurnRow, ...]


def growth(calls: Sequence[Placed]) -> Growth:
    """The growth, from the acknowledged turns without any failed, cut or repeated call."""
    turns = _turns(calls)
    by_number: defaultdict[int, list[int]] = defaultdict(list)
    for turn, tokens in turns.items():
        by_number[turn.earlier].append(tokens)
    first, added = _line(turns)
    return Growth(
        first=first,
        added=added,
        share=derive(
            lambda a, b: b / a if a else 0.0, first, added, unit="share", at_least=Label.FITTED
        ),
        rows=tuple(
            _row(number, by_number[number], first.value, added.value)
            for number in sorted(by_number)
            if len(by_number[number]) >= _FEWEST
        ),
    )


class _Turn(NamedTuple):
    conversation: int
    turn: int
    earlier: int


def _turns(calls: Sequence[Placed]) -> dict[_Turn, int]:
    """Turn → tokens that it reads."""
    found: defaultdict[_Turn, int] = defaultdict(int)
    spoiled = set[_Turn]()
    for each in calls:
        place = each.place
        if place is None:
            continue
        key = _Turn(place.conversation, place.turn, place.earlier)
        found[key] += each.call.prompt_tokens
        if each.kind is not Kind.ANSWERED or not place.ok:
            spoiled.add(key)
    return {key: tokens for key, tokens in found.items() if key not in spoiled}


def _line(turns: Mapping[_Turn, int]) -> tuple[Figure, Figure]:
    """a and b, with intervals that let the turns of a conversation resemble each other."""
    line = fitted(
        [[1.0, float(turn.earlier)] for turn in turns],
        [float(tokens) for tokens in turns.values()],
        [turn.conversation for turn in turns],
    )
    if line is None:
        return unknown(TOKENS, _TOO_FEW), unknown(TOKENS, _TOO_FEW)
    why = f"a line through {len(turns):,} turns, in the stand-in's tokens of 4 bytes of text"
    first, added = (
        Figure(
            value=part.value,
            unit=TOKENS,
            label=Label.FITTED,
            low=part.value - part.half,
            high=part.value + part.half,
            why=why,
        )
        for part in line
    )
    return first, added


def _row(number: int, tokens: Sequence[int], first: float | None, added: float | None) -> TurnRow:
    known = first is not None and added is not None
    a, b = first or 0.0, added or 0.0
    count = number + 1
    return TurnRow(
        turn=count,
        turns=len(tokens),
        prompt_tokens=sum(tokens) / len(tokens),
        line=a + b * number if known else None,
        conversation=count * a + b * count * number / 2 if known else None,
    )
