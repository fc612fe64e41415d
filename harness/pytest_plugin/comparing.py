"""Judges `… not worse than LABEL by …`: the runs of a test beside those of a baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.pytest_plugin import baseline, not_worse
from harness.pytest_plugin.baseline import Baseline
from harness.pytest_plugin.not_worse import Statement
from harness.run.directory.stored_results import of_the_load
from reports.comparison.compare import compare
from reports.comparison.metrics import Metric, metrics_of
from reports.comparison.model import Change, Comparison, Word
from reports.comparison.sides import of_results
from reports.render import formatting
from reports.render.comparison import view
from reports.render.view import Result


@dataclass(frozen=True)
class Comparing:
    """The baselines of a test, and what becomes of a comparison without a decision."""

    baselines: tuple[Baseline, ...]
    same_machine: bool
    undecided_fails: bool
    note: Callable[[str], None]
    """Takes the line of a comparison without a decision that fails no test."""

    def check(
        self, runs: Sequence[Result], expected: str, *, phase: str | None, fault: str | None
    ) -> str | None:
        """The sentence with which the expectation fails; None where it does not.

        `runs` are those of the test with the same faults; the last one is asked.  Raises PlanError
        for an expectation or a label that cannot be used.
        """
        statement = not_worse.read(expected)
        asked = not_worse.metrics(statement, runs[-1], phase=phase, fault=fault)
        found = baseline.runs(self.baselines, statement.label, statement.where)
        before = [result for _, result in of_the_load(found, runs[-1])]
        if not before:
            return self._without(_missing(self, statement, len(found)))
        known = {metric.key for metric in metrics_of([*before, *runs])}
        comparison = compare(
            of_results(before, statement.label),
            of_results(runs, "this test"),
            margin={metric.key: statement.margin for metric in asked},
            same_machine=self.same_machine,
            more=[metric for metric in asked if metric.key not in known],
        )
        changes = [_of(comparison, metric) for metric in asked]
        counted = formatting.plural(len(before), "run")
        sample = f"{counted} of {statement.label}, {len(runs)} of this test"
        worse = [each for each in changes if each.word is Word.WORSE]
        if worse:
            return _sentence(statement, worse, sample)
        open_ = [each for each in changes if each.word in (Word.UNDECIDED, Word.NO_STATEMENT)]
        return self._without(_sentence(statement, open_, sample)) if open_ else None

    def _without(self, told: str) -> str | None:
        if self.undecided_fails:
            return told
        self.note(told)
        return None


def _missing(self: Comparing, statement: Statement, found: int) -> str:
    if not self.baselines:
        why = "no --diya-baseline was given"
    elif not found:
        why = f"the baseline {statement.label} holds no run"
    else:
        why = f"none of the {found} runs of the baseline has this profile and these faults"
    return f"expected {statement.expected}: {Word.NO_STATEMENT}: {why}"


def _of(comparison: Comparison, metric: Metric) -> Change:
    return next(each for each in comparison.changes if each.key == metric.key)


def _sentence(statement: Statement, changes: Sequence[Change], sample: str) -> str:
    told = "; ".join(_words(change) for change in changes)
    return f"expected {statement.expected}: {told} ({sample})"


def _words(change: Change) -> str:
    row = view.row(change)
    told = f"{row.word}: {row.title} {row.a} before, {row.b} now"
    if row.interval:
        told += f", {row.change} (95 %: {row.interval})"
    if row.detectable and change.word is Word.UNDECIDED:
        told += f", where a change of {row.detectable} would have been seen"
    return f"{told}: {row.why.rstrip('.')}" if row.why else told
