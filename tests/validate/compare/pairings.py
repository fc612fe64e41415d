"""Comparisons made of recorded A/A pairs: which pairs, and which run of each is called A.

As `diya versus` plays them, A is first in half of the pairs (of an odd number: in one more or one
less).  Every choice of pairs and of labels that keeps to this is a pairing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

SIZES = (3, 5, 10, 20)


@dataclass(frozen=True)
class Pairing:
    """One comparison."""

    pairs: tuple[int, ...]
    """Places in the list of the recorded pairs, rising."""
    a_first: frozenset[int]
    """Those of them whose first run is called A."""


def how_many(recorded: int, size: int) -> int:
    """The number of all pairings of this size from so many recorded pairs."""
    labels = sum(math.comb(size, count) for count in _counts(size))
    return math.comb(recorded, size) * labels


def pairings(places: Sequence[int], size: int, most: int) -> list[Pairing]:
    """All pairings of the pairs at these places, if there are at most `most`.

    Else so many different ones, drawn by a seed.  Fewer places than the size make none.
    """
    if how_many(len(places), size) <= most:
        return [
            Pairing(pairs, frozenset(first))
            for pairs in combinations(places, size)
            for count in _counts(size)
            for first in combinations(pairs, count)
        ]
    draw = random.Random(f"pairings/{len(places)}/{size}")
    weights = [math.comb(size, count) for count in _counts(size)]
    found: dict[Pairing, None] = {}
    while len(found) < most:
        pairs = tuple(sorted(draw.sample(places, size)))
        count = draw.choices(_counts(size), weights)[0]
        found[Pairing(pairs, frozenset(draw.sample(pairs, count)))] = None
    return list(found)


def _counts(size: int) -> list[int]:
    """How often A may be first."""
    return sorted({size // 2, size - size // 2})
