"""Other series that the machine might have given, made of the recorded one.

The smoothed bootstrap (Efron 1979; Silverman and Young 1987): as many pairs are drawn from the
recorded ones, with repetition, and each figure of a run gets some noise of its own, so that no two
pairs are alike.  How much a share varies from one such series to the next tells how much it depends
on the pairs that happened to be recorded, also where it is 0.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from statistics import stdev

from msgspec import structs

from tests.validate.compare.drawn import changed
from tests.validate.compare.planted import FIGURES, Result
from tests.validate.compare.recorded import Pair

SMOOTHING = 0.3
"""The noise that is added, against the spread of a figure from run to run."""


def resampled(pairs: Sequence[Pair], count: int) -> Iterator[list[Pair]]:
    """So many series, each with as many pairs as were recorded, which are at least two."""
    noise = {key: SMOOTHING * spread for key, spread in spreads(pairs).items()}
    draw = random.Random(f"resampled/{len(pairs)}")
    for _ in range(count):
        chosen = draw.choices(pairs, k=len(pairs))
        yield [_again(pair, number, noise, draw) for number, pair in enumerate(chosen, 1)]


def spreads(pairs: Sequence[Pair]) -> dict[str, float]:
    """Of each figure from run to run, the drift between pairs taken out, as a share."""
    found = {}
    for key in FIGURES:
        values = [
            (_value(pair.first.result, key), _value(pair.second.result, key)) for pair in pairs
        ]
        ratios = [math.log(b / a) for a, b in values if a and b]
        found[key] = stdev(ratios) / math.sqrt(2) if len(ratios) > 1 else 0.0
    return found


def _value(result: Result, figure: str) -> float | None:
    *folders, key = FIGURES[figure]
    for folder in folders:
        result = result[folder]
    value: float | None = result[key]
    return value


def _again(pair: Pair, number: int, noise: dict[str, float], draw: random.Random) -> Pair:
    first, second = (
        structs.replace(
            run, result=changed(run.result, lambda key: draw.gauss(0, noise[key]), number, place)
        )
        for place, run in enumerate((pair.first, pair.second))
    )
    return Pair(number=number, first=first, second=second)
