"""The lag of the load generator, and the samples of its processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan

from reports.measures.percentiles import ascending
from reports.records import Sample
from reports.records.columns import RETRIED, TROUBLED
from reports.records.history import History


def arrival_lags(history: History) -> Iterator[tuple[float, float]]:
    """The due time of each conversation, run time, and the generator's lag for it, seconds."""
    talks = history.conversations
    started = zip(talks.started, talks.due, strict=True)
    return ((due, at - due) for at, due in started if not isnan(at))


def lags(history: History) -> Sequence[float]:
    """The generator's lag for each conversation, ascending, seconds."""
    return ascending(lag for _, lag in arrival_lags(history))


def later_turn_lags(history: History) -> Iterator[tuple[float, float]]:
    """The due time of each later turn, run time, and the generator's lag for it, seconds."""
    turns = history.turns
    sent = zip(turns.turn, turns.state, turns.sent, turns.due, strict=True)
    return (
        (due, at - due)
        for turn, state, at, due in sent
        # First turns, and turns whose session had to be opened again, first open a session.
        if turn > 0 and not state & (RETRIED | TROUBLED)
    )


def send_lags(history: History) -> Sequence[float]:
    """The generator's lag for each later turn, ascending, seconds."""
    return ascending(lag for _, lag in later_turn_lags(history))


def generator_samples(history: History) -> dict[str, list[Sample]]:
    """The samples of each process of the generator while it offered load."""
    start, end = history.load_start, history.load_end
    return {
        source: [s for s in samples if start is not None and start <= s.t <= (end or s.t)]
        for source, samples in history.samples_by_source.items()
        if source.partition(":")[0] == "generator"
    }
