"""Delta debugging: the smallest part of a list that still fails (Zeller and Hildebrandt, 2002)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")


def minimise(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """A part of `items` that fails, and that does not fail without any one of its items.

    Assumes that all items fail and that no items pass.  `fails` may be called with the same part
    twice.  With n items it is called at most n² + 3n times, and far fewer when few matter.
    """
    left = list(items)
    parts = 2
    while len(left) >= 2:
        chunks = _split(left, parts)
        rest = [
            [item for other in chunks if other is not each for item in other] for each in chunks
        ]
        for candidate in chunks:
            if fails(candidate):
                left, parts = candidate, 2
                break
        else:
            # With two chunks, each rest is the other chunk, which was tried already.
            for candidate in rest if parts > 2 else []:
                if fails(candidate):
                    left, parts = candidate, max(parts - 1, 2)
                    break
            else:
                if parts >= len(left):
                    break
                parts = min(len(left), 2 * parts)
    return left


def _split(items: list[T], parts: int) -> list[list[T]]:
    edges = [len(items) * k // parts for k in range(parts + 1)]
    return [items[a:b] for a, b in pairwise(edges)]
