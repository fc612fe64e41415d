"""The figures of two sides: values, intervals and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.comparison import one_run, statistics, values
from reports.comparison.disturbance import Disturbance
from reports.comparison.metrics import Metric, Result, metrics_of
from reports.comparison.model import Change, Word
from reports.comparison.pairs import Pair
from reports.comparison.statistics import FAMILY_LEVEL, Estimate, KnownSpread

ONE_RUN = "One run a side has no spread."
Margin = float | Mapping[str, float] | None
"""Of all figures, or of some by their keys; the others have their own."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The sound runs of both sides, and what they allow."""

    a: Sequence[Result]
    b: Sequence[Result]
    pairs: Sequence[Pair]
    """Empty: they are not paired."""
    in_turns: bool
    """The runs of the pairs were played in turns, so that they share the machine's speed."""
    same_machine: bool
    """The user knows that the machine was the same and its speed steady."""
    against_all: str
    """The reason against any figure; empty: there is none."""
    against_machine: str
    against_limits: str
    disturbance: Disturbance

    def against(self, metric: Metric) -> str:
        """The reason against a comparison of this figure."""
        limits = self.against_limits if metric.needs_same_limits else ""
        machine = self.against_machine if metric.needs_one_machine else ""
        return self.against_all or machine or limits


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure on both sides, before its word is known."""

    metric: Metric
    margin: float
    a: float | None
    b: float | None
    estimate: Estimate | None
    why: str
    """Why there is no estimate."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A figure with its word, and its strength as evidence."""

    change: Change
    evidence: float
    """The p value, adjusted for all figures; 1 without an estimate."""
    primary: bool


def changes(
    runs: Runs,
    margin: Margin = None,
    known: Mapping[str, KnownSpread] | None = None,
    more: Sequence[Metric] = (),
) -> list[Judged]:
    """Every figure that was measured on a side, primary ones first, and those of `more` last."""
    figures = [
        figure
        for metric in (*metrics_of([*runs.a, *runs.b]), *more)
        if (figure := _figure(runs, metric, margin, known or {})) is not None
    ]
    estimates = {f.metric.key: f.estimate for f in figures if f.estimate is not None}
    stricter = {f.metric.key: runs.disturbance.stricter(f.metric) for f in figures}
    weights = {f.metric.key: f.metric.weight for f in figures if f.estimate is not None}
    p_values = {key: min(1.0, stricter[key] * e.p_value) for key, e in estimates.items()}
    adjusted = statistics.holm(p_values, weights)
    whole = sum(weights.values())
    return [
        _judged(
            figure,
            adjusted.get(figure.metric.key, 1.0),
            FAMILY_LEVEL * figure.metric.weight / (whole or 1.0) / stricter[figure.metric.key],
            runs.disturbance,
        )
        for figure in figures
    ]


def _figure(
    runs: Runs, metric: Metric, margin: Margin, known: Mapping[str, KnownSpread]
) -> Figure | None:
    """None: neither side measured it."""
    a, b = _values(runs.a, metric), _values(runs.b, metric)
    if not a and not b:
        return None
    own = margin.get(metric.key) if isinstance(margin, Mapping) else margin
    found = Figure(
        metric,
        metric.margin if own is None else own,
        statistics.geometric_mean(a) if a else None,
        statistics.geometric_mean(b) if b else None,
        None,
        runs.against(metric),
    )
    if found.why:
        return found
    if not a or not b:
        return _replace(found, why=f"{'B' if a else 'A'} was not measured.")
    as_pairs = bool(runs.pairs) and (runs.in_turns or not metric.needs_one_machine)
    estimate = (
        values.paired(metric, runs.pairs, known.get(metric.key))
        if as_pairs
        else statistics.welch(_floored(a, metric), _floored(b, metric))
    )
    if estimate is None:
        estimate = _of_one_run(runs, _floored(a, metric), _floored(b, metric), metric)
    if estimate is None:
        one = min(len(runs.a), len(runs.b)) < 2
        return _replace(found, why=ONE_RUN if one else "It was measured in one run of a side.")
    return _replace(found, estimate=estimate)


def _of_one_run(
    runs: Runs, a: Sequence[float], b: Sequence[float], metric: Metric
) -> Estimate | None:
    """One new run beside several of A.  Even neighbours in time are not played in turns so."""
    if len(b) != 1 or (metric.needs_one_machine and not runs.same_machine):
        return None
    return one_run.against(a, b[0])


def _values(results: Sequence[Result], metric: Metric) -> list[float]:
    """The measured values."""
    found = (values.measured(metric, result) for result in results)
    return [value for value in found if value is not None]


def _floored(given: Sequence[float], metric: Metric) -> list[float]:
    return [values.floored(metric, value) for value in given]


def _replace(figure: Figure, *, estimate: Estimate | None = None, why: str = "") -> Figure:
    return Figure(figure.metric, figure.margin, figure.a, figure.b, estimate, why)


def _judged(figure: Figure, adjusted: float, level: float, disturbance: Disturbance) -> Judged:
    metric, estimate = figure.metric, figure.estimate
    if estimate is None:
        plain = figure.b / figure.a if figure.a and figure.b and figure.why == ONE_RUN else None
        change = _change(figure, word=Word.NO_STATEMENT, ratio=plain, why=figure.why)
        return Judged(change, 1.0, metric.primary)
    low, high = estimate.interval()
    word = statistics.word(estimate, adjusted, figure.margin, less_is_better=metric.less_is_better)
    why = ""
    if metric.needs_one_machine:
        word, why = _beside_others(figure, estimate, word, disturbance)
    change = _change(
        figure,
        word=word,
        why=why,
        stricter=disturbance.stricter(metric),
        n=estimate.n,
        paired=estimate.paired,
        ratio=estimate.ratio,
        low=low,
        high=high,
        detectable=statistics.detectable(estimate, figure.margin, level),
        spread=estimate.spread,
    )
    return Judged(change, adjusted, metric.primary)


def _beside_others(
    figure: Figure, estimate: Estimate, word: Word, disturbance: Disturbance
) -> tuple[Word, str]:
    """The word of a figure of the machine, and why it is undecided if others' work is the reason.

    Values that are the same in every run show no disturbance either.
    """
    low, high = estimate.interval()
    uneven = disturbance.why_undecided
    if uneven and (low, high) != (1.0, 1.0):
        return Word.UNDECIDED, uneven
    bottom, top = statistics.bounds(figure.margin)
    beyond = low > top or high < bottom
    if word is Word.UNDECIDED and beyond and disturbance.is_one:
        return word, disturbance.why_stricter
    return word, ""


def _change(figure: Figure, **fields: object) -> Change:
    metric = figure.metric
    return Change(
        key=metric.key,
        title=metric.title,
        unit=metric.unit,
        less_is_better=metric.less_is_better,
        needs_one_machine=metric.needs_one_machine,
        a=figure.a,
        b=figure.b,
        margin=figure.margin,
        **fields,  # type: ignore[arg-type]
    )
