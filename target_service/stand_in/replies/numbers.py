"""Whole numbers and decimals that a schema allows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from typing import Any

from target_service.stand_in.replies.errors import Unsatisfiable
from target_service.stand_in.replies.words import Words

_TRIES = 64


@dataclass(frozen=True, slots=True)
class _Range:
    low: Fraction | None
    low_open: bool
    high: Fraction | None
    high_open: bool
    step: Fraction | None

    def holds(self, value: float) -> bool:
        """Whether the value is in the range and a multiple of the step."""
        exact = Fraction(value)
        if self.low is not None and (exact < self.low or (self.low_open and exact == self.low)):
            return False
        if self.high is not None and (exact > self.high or (self.high_open and exact == self.high)):
            return False
        if self.step is None:
            return True
        if self.step.denominator == 1:
            return exact % self.step == 0
        # A validator divides floats: 0.3 is no multiple of 0.1 for it.
        return (value / float(self.step)).is_integer()


def integer(schema: dict[str, Any], words: Words, nth: int) -> int:
    """A whole number: the first of the message that fits, else the smallest from 1 on that does.

    `nth` counts the numbers that were made for the same list: each gets another one.  Raises
    Unsatisfiable.
    """
    limits = _range(schema)
    said = [int(each) for each in words.numbers if each.is_integer() and limits.holds(int(each))]
    if said and nth == 0:
        return said[0]
    # The smallest whole number that is a multiple of a/b in lowest terms is a.
    step = 1 if limits.step is None else limits.step.numerator
    start = Fraction(1)
    if limits.low is not None:
        start = max(start, limits.low)
    if limits.high is not None and start > limits.high:
        start = limits.high if limits.low is None else limits.low
    first = math.ceil(start / step)
    tries = _TRIES + nth
    upward = ((first + count) * step for count in range(tries))
    downward = ((first - count) * step for count in range(1, tries))
    others = (each for each in chain(upward, downward) if limits.holds(each))
    fitting = chain(said[:1], (each for each in others if each not in said[:1]))
    found = next(islice(fitting, nth, None), None)
    if found is None:
        raise Unsatisfiable(f"no whole number was found for {schema!r}")
    return found


def decimal(schema: dict[str, Any], words: Words, nth: int) -> float:
    """A number, as `integer` finds one, or one between two whole ones.  Raises Unsatisfiable."""
    limits = _range(schema)
    if nth == 0:
        for number in words.numbers:
            if limits.holds(number):
                return number
    try:
        return float(integer(schema, words, nth))
    except Unsatisfiable:
        pass
    fitting = (float(value) for value in _candidates(limits, nth) if limits.holds(float(value)))
    found = next(islice(fitting, nth, None), None)
    if found is None:
        raise Unsatisfiable(f"no number was found for {schema!r}")
    return found


def _candidates(limits: _Range, nth: int) -> Iterable[Fraction]:
    base = limits.low if limits.low is not None else limits.high or Fraction(0)
    sign = 1 if limits.low is not None else -1
    if limits.step is not None:
        step, first = limits.step, math.ceil(base / limits.step)
        return ((first + sign * count) * step for count in range(_TRIES + nth))
    if limits.low is None or limits.high is None:
        return (base + sign * Fraction(count, 2) for count in range(nth + 2))
    span, parts = limits.high - limits.low, nth + 2
    inside = [limits.low + span * Fraction(count, parts) for count in range(1, parts)]
    return [*inside, limits.low, limits.high] if span else [limits.low]


def _range(schema: dict[str, Any]) -> _Range:
    low, low_open = _bound(schema, "minimum", "exclusiveMinimum", 1)
    high, high_open = _bound(schema, "maximum", "exclusiveMaximum", -1)
    step = schema.get("multipleOf")
    known = _exact(step)
    exact = Fraction(str(step)) if known is not None and known > 0 else None
    return _Range(low, low_open, high, high_open, exact)


def _bound(schema: dict[str, Any], key: str, other: str, sign: int) -> tuple[Fraction | None, bool]:
    """The tighter one of an inclusive and an exclusive limit; old schemas have a flag for it."""
    limit, exclusive = _exact(schema.get(key)), schema.get(other)
    if isinstance(exclusive, bool):
        return limit, exclusive and limit is not None
    strict = _exact(exclusive)
    if strict is None or (limit is not None and sign * (limit - strict) > 0):
        return limit, False
    return strict, True


def _exact(value: object) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return Fraction(value)
