"""By how much the load generator was late, and the samples of its processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan

from reports.measures.percentiles import ascending
from reports.records import Sample
from reports.records.columns import RETRIED, TROUBLED
from reports.records.history import History


def arrival_lags(history: History) -> Iterator[tuple[float, float]]:
    """When each conversation was due, run time, and by how much the generator was late for it."""
    talks = history.conversations
    started = zip(talks.started, talks.due, strict=True)
    return ((due, at - due) for at, due in started if not isnan(at))


def lags(history: History) -> Sequence[float]:
    """By how much the generator was late for each conversation, ascending, seconds."""
    return ascending(lag for _, lag in arrival_lags(history))


def later_turn_lags(history: History) -> Iterator[tuple[float, float]]:
    """When each later turn was due, run time, and by how much it was taken up late."""
    turns = history.turns
    sent = zip(turns.turn, turns.state, turns.sent, turns.due, strict=True)
    return (
        (due, at - due)
        for turn, state, at, due in sent
        # A first turn opens the session first; so does one whose session had to be opened again.
        if turn > 0 and not state & (RETRIED | TROUBLED)
    )


def send_lags(history: History) -> Sequence[float]:
    """By how much the generator was late to take up each later turn, ascending, seconds."""
    return ascending(lag for _, lag in later_turn_lags(history))


def generator_samples(history: History) -> dict[str, list[Sample]]:
    """The samples of each process of the generator while it offered load."""
    start, end = history.load_start, history.load_end
    return {
        source: [s for s in samples if start is not None and start <= s.t <= (end or s.t)]
        for source, samples in history.samples_by_source.items()
        if source.partition(":")[0] == "generator"
    }
