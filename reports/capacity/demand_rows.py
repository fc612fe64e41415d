"""Rows for the fit of the demand: the use of a resource, and the turns that ran meanwhile."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.measures.cpu_use import Step, use
from reports.measures.spans import Span
from reports.records import TurnRecord
from reports.records.history import History

KINDS = ("open", "stream", "tool", "text")
"""Each turn is of one: the first of a conversation, which opens its session; a streamed one; one
with steps of tools; any other."""
ROW_S = 3.0
"""The length of a row.  A turn uses the processor unevenly, which blurs shorter ones."""
_STREAMED_S = 0.005
"""In a streamed turn the first words come so much before the end."""


@dataclass(frozen=True, slots=True)
class Row:
    """Some seconds of the run."""

    since: float
    until: float
    used_s: float
    """Seconds of the resource, without its idle use."""
    idle_s: float
    turns: float
    """Turns that ran, in parts."""
    earlier: float
    """The earlier turns of their conversations, in the same parts."""
    by_kind: Mapping[str, float]


def kind_of(turn: TurnRecord) -> str:
    """The kind of a turn."""
    if turn.turn == 0 or turn.reopened is not None:
        return "open"
    if turn.first_token is not None and turn.done - turn.first_token > _STREAMED_S:
        return "stream"
    return "tool" if turn.steps else "text"


def mean_earlier(history: History) -> dict[str, float]:
    """Kind of turn → the mean number of earlier turns of its turns."""
    counts: defaultdict[str, list[int]] = defaultdict(list)
    for turn in history.turns:
        counts[kind_of(turn)].append(turn.turn)
    return {kind: _mean(counts[kind]) for kind in KINDS}


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 0.0


def rows(history: History, steps: Sequence[Step], span: Span, idle_share: float) -> list[Row]:
    """Rows of about `ROW_S` seconds within `span`; `idle_share` of a core is used without turns."""
    return _rows(history, _edges(steps, span), idle_share)


def rows_in(
    history: History, steps: Sequence[Step], spans: Sequence[Span], idle_share: float
) -> list[Row]:
    """One row for each of these spans that was sampled throughout; they are in order and do not
    overlap.
    """
    found = [(span, use(steps, [span])) for span in spans]
    edges = [(a, b, each.share * (b - a)) for (a, b), each in found if each is not None]
    return _rows(history, edges, idle_share)


def _rows(
    history: History, edges: Sequence[tuple[float, float, float]], idle_share: float
) -> list[Row]:
    if not edges:
        return []
    starts = [since for since, _, _ in edges]
    parts: list[defaultdict[str, float]] = [defaultdict(float) for _ in edges]
    earlier = [0.0] * len(edges)
    for turn in history.turns:
        # Opening the session is part of a first turn, and happens before its message is sent.
        begin = turn.due if turn.turn == 0 else turn.sent
        length = max(turn.done - begin, 1e-6)
        kind = kind_of(turn)
        place = max(0, bisect_right(starts, begin) - 1)
        while place < len(edges) and starts[place] < turn.done:
            since, until, _ = edges[place]
            inside = min(turn.done, until) - max(begin, since)
            if inside > 0:
                parts[place][kind] += inside / length
                earlier[place] += turn.turn * inside / length
            place += 1
    return [
        Row(
            since,
            until,
            used - idle_share * (until - since),
            idle_share * (until - since),
            sum(part.values()),
            before,
            part,
        )
        for (since, until, used), part, before in zip(edges, parts, earlier, strict=True)
    ]


def _edges(steps: Sequence[Step], span: Span) -> list[tuple[float, float, float]]:
    """(since, until, used) of neighbouring steps together."""
    found: list[tuple[float, float, float]] = []
    since, used = None, 0.0
    last = None
    for step in steps:
        if step.since < span[0] or step.until > span[1]:
            continue
        if last is None or abs(step.since - last) > 1e-6:
            since, used = step.since, 0.0  # a sample is missing
        used += step.used_s
        last = step.until
        if since is not None and step.until - since >= ROW_S - 0.1:
            found.append((since, step.until, used))
            since, used = step.until, 0.0
    return found
