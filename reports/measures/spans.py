"""Spans of run time and operations on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[float, float]
"""(start, end), run time, seconds."""


def merged(spans: Iterable[Span], gap: float = 0.0) -> list[Span]:
    """The spans in order; spans at most `gap` seconds apart are joined."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + gap:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def overlap(span: Span, others: Sequence[Span]) -> float:
    """Seconds of `span` that lie within `others`, which do not overlap."""
    start, end = span
    return sum(max(0.0, min(end, b) - max(start, a)) for a, b in others)


def without(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """The spans without `holes`."""
    left = list(spans)
    for start, end in holes:
        left = [
            piece
            for a, b in left
            for piece in ((a, min(b, start)), (max(a, end), b))
            if piece[0] < piece[1]
        ]
    return left


def seconds(spans: Iterable[Span]) -> float:
    """The total length, seconds."""
    return sum(end - start for start, end in spans)
