"""The CPU of the replicas in parts of a run, and the turns that ended in them."""

from __future__ import annotations

from collections.abc import Sequence

from reports.measures.cpu_use import replica_names
from reports.measures.spans import Span
from reports.records.history import History


def replica_cpu(history: History, spans: Sequence[Span]) -> tuple[float, int]:
    """Core seconds of all replicas in these spans, and the turns that ended in them."""
    used, turns = 0.0, 0
    for begin, end in spans:
        turns += sum(begin <= turn.done < end for turn in history.turns)
        for name in replica_names(history):
            samples = history.samples_by_source[name]
            shares = [s.values.get("cpu_percent", 0.0) for s in samples if begin <= s.t < end]
            used += sum(shares) / 100 / max(1, len(shares)) * (end - begin)
    return used, turns
