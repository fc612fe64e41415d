"""junit.xml: one test case for each fact and each figure, so that any CI server shows them."""

from __future__ import annotations

from reports.comparison.model import Comparison, Word
from reports.render.comparison import view
from reports.render.junit_suite import Suite

_TAGS = {Word.WORSE: "failure", Word.UNDECIDED: "skipped", Word.NO_STATEMENT: "skipped"}


def render(comparison: Comparison, *, undecided_fails: bool = False) -> str:
    """The suite as XML in the form that common JUnit readers and schemas accept.

    A fact or a figure that is worse is a failure; one without a decision is skipped.  With
    `undecided_fails`, the undecided ones of an undecided whole are errors, and so is a whole
    without a statement.
    """
    failing = undecided_fails and comparison.word is Word.UNDECIDED
    tags = {**_TAGS, Word.UNDECIDED: "error"} if failing else _TAGS
    suite = Suite(
        "diya compare",
        _time(comparison),
        0.0,
        {
            "word": comparison.word,
            "headline": comparison.headline,
            "A": view.side_line(comparison.a),
            "B": view.side_line(comparison.b),
        },
    )
    for fact in comparison.facts:
        told = f"{view.fact_title(fact)}: A {fact.a}, B {fact.b}"
        suite.add(f"compare.fact.{fact.key}", fact.title, tags.get(fact.word), told)
    for each in comparison.changes:
        row = view.row(each)
        told = ", ".join(
            part
            for part in (
                f"A {row.a}, B {row.b}, change {row.change}",
                f"95 % interval {row.interval}" if row.interval else "",
                f"margin {row.margin}" if row.margin else "",
                row.sample,
                f"smallest detectable change {row.detectable}" if row.detectable else "",
                row.why,
            )
            if part
        )
        suite.add(f"compare.figure.{each.key}", each.title, tags.get(each.word), told)
    if undecided_fails and comparison.word is Word.NO_STATEMENT:
        suite.add("compare", "A statement can be made", "error", comparison.headline)
    return suite.xml(comparison.headline, view.forbidden(comparison))


def _time(comparison: Comparison) -> str:
    """The start of the newest run, of which a run's name begins with; the epoch if none does."""
    starts = []
    for run in (*comparison.a.runs, *comparison.b.runs):
        stamp = run.partition("Z-")[0]
        if len(stamp) == 15 and stamp[8] == "T" and (stamp[:8] + stamp[9:]).isdigit():
            day, clock = stamp[:8], stamp[9:]
            starts.append(f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}")
    return max(starts, default="1970-01-01T00:00:00")
