"""Redis did not answer: it was dead, frozen, cut off, or loading its data."""

from __future__ import annotations

from itertools import pairwise

from reports.diagnosis.scene import Cause, Scene
from reports.measures.spans import Span

_LONGEST_GAP_S = 3.0
"""Redis is sampled every second; a gap of one missed answer does not count."""


def redis_silent(scene: Scene) -> Cause | None:
    """The sampler got no answer from Redis while customers waited."""
    times = [sample.t for sample in scene.history.samples_by_source.get("redis", [])]
    gaps: list[Span] = [(a, b) for a, b in pairwise(times) if b - a > _LONGEST_GAP_S]
    beside = [
        gap for gap in gaps if any(start < gap[1] and gap[0] < end for start, end in scene.spans)
    ]
    if not scene.explained_by(beside):
        return None
    longest = max(end - start for start, end in beside)
    return Cause("redis_silent", f"Redis did not answer for {longest:.0f} s")
