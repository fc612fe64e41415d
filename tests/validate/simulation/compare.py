"""Predictions beside measurements, and the claims about them.

The speed of a shared machine changes within minutes.  A measurement is held against the prediction
for the speed that the machine had in that run, as a fixed piece of work beside it shows, not as the
replicas do, whose figures are foreseen.  The load balancer shows the speed only among equal loads.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence

from msgspec import structs

from tests.validate.simulation.configurations import Configuration
from tests.validate.simulation.figures import Figures, File

UP_TO = 0.85
"""The latencies are claimed up to this share of the core, as foreseen at the machine's speed."""
CPU, GOODPUT, MEMORY, P50, P99 = 0.05, 0.05, 0.05, 0.05, 0.15
SIDE = 0.95
"""The share of configurations that must be foreseen on the right side of the SLO."""

_HEADS = (
    *(
        "configuration",
        "slowness",
        "core",
        "turns/s",
        "goodput",
        "p50 ms",
        "p99 ms",
        "memory KiB",
        "CPU ms",
    ),
    "keeps the SLO",
)

_Value = Callable[[Figures], float | None]


def off(foreseen: Figures, real: Figures, value: _Value) -> float | None:
    """How far the prediction is off, as a share of the measurement; None: one of them is none."""
    one, other = value(foreseen), value(real)
    return one / other - 1 if one is not None and other else None


def of_these(foreseen: File, real: File) -> File:
    """Only the measurements at the rates of these predictions, not those of earlier ones."""
    figures = {
        name: [run for run in runs if math.isclose(run.rate, foreseen.figures[name][0].rate)]
        for name, runs in real.figures.items()
        if name in foreseen.figures
    }
    return File(source=real.source, figures={name: runs for name, runs in figures.items() if runs})


def foreseen_for(foreseen: File, name: str, real: Figures) -> Figures:
    """The prediction for the speed that the machine had in this run, between the two nearest.

    Raises ValueError without the speeds.
    """
    slowness = _slowness(foreseen.reference_work_s, real.reference_work_s)
    figures = foreseen.figures[name]
    at = bisect([each.slowness for each in figures], slowness)
    below, above = figures[max(0, at - 1)], figures[min(at, len(figures) - 1)]
    width = above.slowness - below.slowness
    part = (slowness - below.slowness) / width if width else 0.0

    def between(value: _Value) -> float | None:
        one, other = value(below), value(above)
        return None if one is None or other is None else one + part * (other - one)

    nearest = above if part > 0.5 else below
    return structs.replace(
        nearest,
        slowness=slowness,
        goodput_per_s=between(_goodput),
        p50_s=between(_p50),
        p99_s=between(_p99),
        memory_bytes=between(_memory),
        turn_cpu_s=between(_turn_cpu),
    )


def _slowness(calibrated_s: float | None, real_s: float | None) -> float:
    """How many times slower than in the calibration the machine was in a run."""
    if not calibrated_s or not real_s:
        raise ValueError("the speed of the machine must be in the predictions and measurements")
    return real_s / calibrated_s


def lines(
    configurations: Sequence[Configuration], foreseen: File, real: File
) -> Iterator[tuple[bool, str]]:
    """A line for each claim, and whether it holds."""
    played = [each for each in configurations if each.name in real.figures]
    made = {
        each.name: foreseen_for(foreseen, each.name, real.figures[each.name][0]) for each in played
    }
    calm = [each for each in played if not each.kill and _share(made[each.name]) <= UP_TO]
    for name, group, value, limit in (
        ("CPU of a turn", calm, _turn_cpu, CPU),
        ("goodput", calm, _goodput, GOODPUT),
        ("memory", calm, _memory, MEMORY),
        ("p50", calm, _p50, P50),
        ("p99", calm, _p99, P99),
    ):
        errors = {
            each.name: error
            for each in group
            if (error := off(made[each.name], real.figures[each.name][0], value)) is not None
        }
        within = [each for each, error in errors.items() if abs(error) <= limit]
        worst = max(errors, key=lambda each: abs(errors[each]))
        yield (
            len(within) == len(errors),
            f"{name}: {len(within)} of {len(errors)} within {limit:.0%} up to {UP_TO:.0%} of the "
            f"core, median {statistics.median(map(abs, errors.values())):.1%}, worst "
            f"{errors[worst]:+.1%} ({worst}); two runs of one seed {_spread(real, value)}",
        )
    right = [
        each.name
        for each in played
        if made[each.name].keeps_slo == real.figures[each.name][0].keeps_slo
    ]
    wrong = [each.name for each in played if each.name not in right]
    yield (
        len(right) >= SIDE * len(played),
        f"the right side of the SLO: {len(right)} of {len(played)}"
        + (f", not {', '.join(wrong)}" if wrong else ""),
    )


def _share(figures: Figures) -> float:
    """The share of the core that the replicas use."""
    return (figures.turn_cpu_s or 0.0) * figures.rate


def table(configurations: Sequence[Configuration], foreseen: File, real: File) -> Iterator[str]:
    """Markdown: each configuration, foreseen and measured."""
    yield f"| {' | '.join(_HEADS)} |"
    yield "|---" * len(_HEADS) + "|"
    for each in configurations:
        for got in real.figures.get(each.name, []):
            made = foreseen_for(foreseen, each.name, got)
            cells = [
                each.name,
                f"{made.slowness:.2f}",
                f"{_share(made):.0%} / {_share(got):.0%}",
                f"{made.rate:.1f}",
                f"{made.goodput_per_s:.1f} / {got.goodput_per_s:.1f}",
                f"{_ms(made.p50_s)} / {_ms(got.p50_s)}",
                f"{_ms(made.p99_s)} / {_ms(got.p99_s)}",
                f"{made.memory_bytes / 1024:.0f} / {got.memory_bytes / 1024:.0f}",
                f"{_ms(made.turn_cpu_s, 1)} / {_ms(got.turn_cpu_s, 1)}",
                f"{_yes(made.keeps_slo)} / {_yes(got.keeps_slo)}",
            ]
            yield f"| {' | '.join(cells)} |"


def _spread(real: File, value: _Value) -> str:
    """The largest difference of two runs of one configuration."""
    pairs = [
        abs(error)
        for runs in real.figures.values()
        if len(runs) > 1 and (error := off(runs[1], runs[0], value)) is not None
    ]
    return f"differ by up to {max(pairs):.1%}" if pairs else "were not played"


def _turn_cpu(figures: Figures) -> float | None:
    return figures.turn_cpu_s


def _goodput(figures: Figures) -> float | None:
    return figures.goodput_per_s


def _memory(figures: Figures) -> float | None:
    return figures.memory_bytes


def _p50(figures: Figures) -> float | None:
    return figures.p50_s


def _p99(figures: Figures) -> float | None:
    return figures.p99_s


def _ms(seconds: float | None, digits: int = 0) -> str:
    return "–" if seconds is None else f"{seconds * 1000:.{digits}f}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
