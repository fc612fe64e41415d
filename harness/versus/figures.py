"""The primary figures of the pairs so far, as the comparison at the end will read them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from harness.versus.flow import Finished
from harness.versus.stopping import Primary
from reports.comparison import values
from reports.comparison.disturbance import disturbance
from reports.comparison.machine_speed import at_one_speed
from reports.comparison.metrics import METRICS, Metric, metrics_of
from reports.comparison.statistics import FAMILY_LEVEL, Estimate
from reports.render.view import Result


def primaries(finished: Sequence[Finished]) -> dict[str, Primary]:
    """The primary figures that were measured in every run, with two pairs or more."""
    finished = _at_one_speed(finished)
    results = [result for each in finished for result in (each.a, each.b)]
    family = sum(each.weight for each in metrics_of(results) if _measured(each, results))
    others = disturbance([each.a for each in finished], [each.b for each in finished])
    return {
        metric.key: Primary(
            estimate,
            metric.margin,
            metric.less_is_better,
            FAMILY_LEVEL * metric.weight / family / others.stricter(metric),
            stricter=others.stricter(metric),
            uneven=metric.needs_one_machine and bool(others.why_undecided),
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
            a, b = (values.run(metric, result) for result in results)
            assert a is not None
            assert b is not None
            return f"{metric.title}: B is {b.value / a.value:.3f} × A"
        low, high = estimate.interval()
        return f"{metric.title}: B is {estimate.ratio:.3f} × A ({low:.3f} to {high:.3f})"
    return ""


def _at_one_speed(finished: Sequence[Finished]) -> list[Finished]:
    scaled, _ = at_one_speed([each.a for each in finished], [each.b for each in finished])
    of_a, of_b = scaled[: len(finished)], scaled[len(finished) :]
    return [
        dataclasses.replace(each, a=dict(a), b=dict(b))
        for each, a, b in zip(finished, of_a, of_b, strict=True)
    ]


def _measured(metric: Metric, results: Sequence[Result]) -> bool:
    """Whether every run has a value of which there is a ratio."""
    return bool(results) and all(values.run(metric, result) for result in results)


def _estimate(metric: Metric, finished: Sequence[Finished]) -> Estimate | None:
    return values.paired(metric, [(each.a, each.b) for each in finished])
