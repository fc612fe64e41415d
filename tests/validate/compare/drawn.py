"""Pairs that are drawn, not played: as many independent comparisons as one likes.

Recorded runs say what the noise of a machine is like, but a few dozen pairs hold only a few
comparisons that share none.  Drawn pairs say whether the statistics keep their promise for noise of
a known shape: each figure of a run is that of one recorded run, times the drift of the pair, times
the noise of the run.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from tests.validate.compare.planted import FIGURES
from tests.validate.compare.recorded import Pair, Run

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_DRIFT = 0.10
"""Of the machine from pair to pair; it is the same in both runs of a pair."""


def normal(draw: random.Random) -> float:
    """Normal noise."""
    return draw.gauss(0, 1)


def heavy(draw: random.Random) -> float:
    """Student's t with three degrees of freedom: now and then far off."""
    return draw.gauss(0, 1) / math.sqrt(draw.gammavariate(1.5, 2 / 3))


def disturbed(draw: random.Random) -> float:
    """One run in ten is ten times the spread slower, as beside a neighbour."""
    return draw.gauss(0, 1) + (10 if draw.random() < 0.1 else 0)


SHAPES: dict[str, Callable[[random.Random], float]] = {
    "normal": normal,
    "heavy tails": heavy,
    "a neighbour in one run of ten": disturbed,
}


def drawn(base: dict[str, Any], shape: str, spread: float, count: int) -> list[Pair]:
    """So many pairs.  `spread` is the noise of a figure of a run, as a share."""
    draw = random.Random(f"drawn/{shape}/{spread}")
    return [_pair(base, SHAPES[shape], spread, number, draw) for number in range(1, count + 1)]


def _pair(
    base: dict[str, Any],
    noise: Callable[[random.Random], float],
    spread: float,
    number: int,
    draw: random.Random,
) -> Pair:
    drift = draw.gauss(0, _DRIFT)
    sides: tuple[Literal["A", "B"], Literal["A", "B"]] = ("A", "B") if number % 2 else ("B", "A")
    first, second = (
        Run(
            series="drawn",
            pair=number,
            side=side,
            others=None,
            result=changed(base, lambda _: drift + spread * noise(draw), number, place),
        )
        for place, side in enumerate(sides)
    )
    return Pair(number=number, first=first, second=second)


def changed(
    base: dict[str, Any], logarithm: Callable[[str], float], number: int, place: int
) -> dict[str, Any]:
    """The result with every figure multiplied, by the logarithm of the factor for its key.

    It has the seed of pair `number`, and the start of the first (0) or second (1) run of that pair.
    """
    result = {**base}
    for figure, (*folders, key) in FIGURES.items():
        row = result
        for folder in folders:
            # A copy of what changes only: thousands of runs are drawn.
            row[folder] = {**row[folder]}
            row = row[folder]
        if row[key] is not None:
            row[key] *= math.exp(logarithm(figure))
    started = _BEGIN + timedelta(minutes=2 * number + place)
    result["seed"] = number
    result["started"] = f"{started:%Y-%m-%dT%H:%M:%SZ}"
    return result
