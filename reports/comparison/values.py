"""The values of a figure in the results of runs: as measured, and as statistics take them."""

from __future__ import annotations

from collections.abc import Sequence

from reports.comparison import statistics
from reports.comparison.metrics import Metric, Result
from reports.comparison.pairs import Pair
from reports.comparison.sides import started
from reports.comparison.statistics import Estimate, KnownSpread, Run


def measured(metric: Metric, result: Result) -> float | None:
    """The value in a result; None: not measured, or 0 of a figure that is never 0."""
    value = metric.read(result)
    if value is not None and (value > 0 or (value == 0 and metric.floor is not None)):
        return value
    return None


def floored(metric: Metric, value: float) -> float:
    """The value, or the resolution of its figure if that is greater: above 0."""
    return max(value, metric.floor or 0.0)


def run(metric: Metric, result: Result) -> Run | None:
    """The value as statistics take it; None: not measured."""
    value = measured(metric, result)
    if value is None:
        return None
    seed = result.get("seed")
    seed = seed if isinstance(seed, int) else None
    return Run(floored(metric, value), seed, started(result))


def paired(
    metric: Metric, pairs: Sequence[Pair], known: KnownSpread | None = None
) -> Estimate | None:
    """The change within the pairs of which both runs have a value; None with fewer than two."""
    runs = [(run(metric, a), run(metric, b)) for a, b in pairs]
    both = [(a, b) for a, b in runs if a is not None and b is not None]
    return statistics.paired(both, known)
