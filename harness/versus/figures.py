"""The primary figures of the pairs so far, as the comparison at the end will read them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from harness.versus.flow import Finished
from harness.versus.stopping import Primary
from reports.comparison import statistics
from reports.comparison.machine_speed import at_one_speed
from reports.comparison.metrics import METRICS, Metric, metrics_of
from reports.comparison.sides import started
from reports.comparison.statistics import FAMILY_LEVEL, Estimate, Run
from reports.render.view import Result


def primaries(finished: Sequence[Finished]) -> dict[str, Primary]:
    """The primary figures that were measured in every run, with two pairs or more."""
    finished = _at_one_speed(finished)
    results = [result for each in finished for result in (each.a, each.b)]
    family = sum(each.weight for each in metrics_of(results) if _measured(each, results))
    return {
        metric.key: Primary(
            estimate, metric.margin, metric.less_is_better, FAMILY_LEVEL * metric.weight / family
        )
        for metric in METRICS
        if metric.primary and _measured(metric, results)
        if (estimate := _estimate(metric, finished)) is not None
    }


def main_figure(finished: Sequence[Finished]) -> str:
    """The first primary figure of the pairs so far with its 95 % interval; empty: none is known.

    The interval is not corrected for the looks: it shows where the pairs lead, and decides nothing.
    """
    finished = _at_one_speed(finished)
    results = [result for each in finished for result in (each.a, each.b)]
    for metric in METRICS:
        if not metric.primary or not _measured(metric, results):
            continue
        estimate = _estimate(metric, finished)
        if estimate is None:
            only = finished[0]
            ratio = _value(metric, only.b) / _value(metric, only.a)
            return f"{metric.title}: B is {ratio:.3f} × A"
        low, high = estimate.interval()
        return f"{metric.title}: B is {estimate.ratio:.3f} × A ({low:.3f} to {high:.3f})"
    return ""


def _at_one_speed(finished: Sequence[Finished]) -> list[Finished]:
    scaled, _ = at_one_speed([result for each in finished for result in (each.a, each.b)])
    return [
        dataclasses.replace(each, a=dict(a), b=dict(b))
        for each, a, b in zip(finished, scaled[::2], scaled[1::2], strict=True)
    ]


def _measured(metric: Metric, results: Sequence[Result]) -> bool:
    """Whether every run has a value of which there is a ratio."""
    return bool(results) and all(_value(metric, result) > 0 for result in results)


def _value(metric: Metric, result: Result) -> float:
    """0: not measured."""
    return max(metric.read(result) or 0.0, metric.floor or 0.0)


def _estimate(metric: Metric, finished: Sequence[Finished]) -> Estimate | None:
    return statistics.paired([(_run(metric, each.a), _run(metric, each.b)) for each in finished])


def _run(metric: Metric, result: Result) -> Run:
    return Run(_value(metric, result), result["seed"], started(result))
