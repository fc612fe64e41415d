"""comparison.md: the comparison in GitHub-flavoured Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from reports.comparison.model import Comparison, Word
from reports.render.comparison import view
from reports.render.comparison.view import Row
from reports.render.summary_md import bullets, escape, table

_SIGNS = {
    Word.WORSE: "❌",
    Word.SAME: "🟰",
    Word.BETTER: "✅",
    Word.UNDECIDED: "❔",
    Word.NO_STATEMENT: "➖",
}


def render(comparison: Comparison) -> str:
    """The comparison as Markdown.  Text from the runs is escaped: no markup, no mentions."""
    blocks = [
        f"## {_word(comparison.word)}",
        f"**{escape(comparison.headline)}**",
        bullets(f"{side.name}: {view.side_line(side)}" for side in (comparison.a, comparison.b)),
        f"### What differs in the set-up\n\n{_differences(comparison)}",
        f"### Facts\n\n{_facts(comparison)}",
        f"### Figures\n\n{_figures(comparison)}",
    ]
    return "\n\n".join(blocks) + "\n"


def _word(word: Word) -> str:
    return f"{_SIGNS[word]} {word}"


def _differences(comparison: Comparison) -> str:
    if not comparison.differences:
        return view.NO_DIFFERENCE
    rows = [(each.title, each.a, each.b, view.consequence(each)) for each in comparison.differences]
    return table(("", "A", "B", "forbids"), rows, 4)


def _facts(comparison: Comparison) -> str:
    rows = [(_word(fact.word), view.fact_title(fact), fact.a, fact.b) for fact in comparison.facts]
    return table(("", "", "A", "B"), rows, 4) if rows else "None to compare."


def _figures(comparison: Comparison) -> str:
    rows = view.rows(comparison)
    if not rows:
        return "None to compare."
    parts = [
        table(_HEAD, map(_cells, rows), 2),
        bullets(view.reason_lines(comparison)),
        _NOTE if any(row.interval for row in rows) else "",
    ]
    return "\n\n".join(part for part in parts if part)


_HEAD = ("", "", "A", "B", "change", "95 % interval", "margin", "sample", "detectable")
_NOTE = (
    "The change is of B against A. Detectable: the smallest change that these runs would have "
    "found with a probability of 80 %."
)


def _cells(row: Row) -> Sequence[str]:
    statistics = (row.interval, row.margin, row.sample, row.detectable)
    return (_word(row.word), row.title, row.a, row.b, row.change, *statistics)
