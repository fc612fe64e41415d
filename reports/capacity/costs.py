"""The cost of a turn in a probe: seconds of the replica's processor and of Redis's main thread.

The use over the whole load, the drain included, divided by all its turns: no turn is counted in
part, and the mix of turns is that of whole conversations.  A probe
has one replica; of several the mean is taken, so that a share is that of a mean core.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports.capacity.findings import Demand
from reports.measures.cpu import faulty, work
from reports.measures.cpu_use import Step, counter, redis_steps, replica_steps, use
from reports.measures.spans import Span, merged, without
from reports.records.history import History

_FEWEST_TURNS = 30.0


def load_spans(history: History) -> list[Span]:
    """The load without its faults, whose restarts use CPU too."""
    start, end = history.load_start, history.load_end
    if start is None or end is None or end <= start:
        return []
    return without([(start, end)], faulty(history))


def cpu_s(history: History, demand: Demand | None = None) -> float | None:
    """Processor seconds of the replica a turn; of the demand where it was not sampled."""
    own = _cost(history, replica_steps(history))
    return own if own is not None or demand is None else demand.replica_cpu_s.value


def redis_s(history: History, demand: Demand | None = None) -> float | None:
    """Seconds of Redis's main thread a turn; of the demand where it was not sampled."""
    own = _cost(history, redis_steps(history))
    return own if own is not None or demand is None else demand.redis_s.value


def _cost(history: History, steps: Sequence[Step]) -> float | None:
    spans = load_spans(history)
    found = use(steps, spans)
    if found is None:
        return None
    turns = work(history, merged(spans))
    if turns < _FEWEST_TURNS:
        return None
    # The time without samples was worked in too.
    return found.used_s * (sum(b - a for a, b in spans) / found.seconds) / turns


def counted(history: History, name: str, spans: Sequence[Span]) -> float | None:
    """The rise of a counter of the replicas' own metrics a turn; None: it is not shown."""
    found = counter(history, name, spans)
    if found is None:
        return None
    rise, covered = found
    turns = work(history, covered)
    return rise / turns if turns >= _FEWEST_TURNS else None
