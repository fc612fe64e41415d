"""The comparison for a terminal of 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby

from reports.comparison.model import Comparison, Difference, Word
from reports.render import formatting
from reports.render.comparison import view

WIDTH = 100

_STYLES = {
    Word.WORSE: "31",
    Word.SAME: "32",
    Word.BETTER: "32",
    Word.UNDECIDED: "33",
    Word.NO_STATEMENT: "2",
    "bold": "1",
    "dim": "2",
}
_BADGES = {
    Word.WORSE: "1;37;41",
    Word.SAME: "1;30;42",
    Word.BETTER: "1;30;42",
    Word.UNDECIDED: "1;30;43",
    Word.NO_STATEMENT: "1;30;47",
}
_TITLE = 26
"""The width of the title of a difference; longer ones move its values to the right."""
_VALUE = 60
"""The longest value of a difference; the page shows all of it."""
_LEAST = 12
"""The width of the narrowest title."""
_HEAD: tuple[str, ...] = ("A", "B", "change")
_MORE = ("95 % interval", "margin", "detects")


def render(comparison: Comparison, color: bool, report: str = "") -> str:
    """The comparison as text that ends with a newline.

    `color` adds ANSI styles; `report` is the path of the page.  No line but that path is wider than
    100 columns.
    """
    pen = _Pen(color)
    lines = [
        *_head(comparison, pen),
        "",
        pen.style("Set-up", "bold"),
        *_differences(comparison, pen),
        "",
        *_facts(comparison, pen),
        "",
        *_figures(comparison, pen),
    ]
    if report:
        lines += ["", f"Report  {formatting.clean(report)}"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def word_line(comparison: Comparison, folder: str) -> str:
    """The word on one line, for a script: word, folder, headline, two spaces apart."""
    return "  ".join(map(formatting.clean, (comparison.word, folder, comparison.headline)))


class _Pen:
    """Writes styled text."""

    def __init__(self, color: bool) -> None:
        self.color = color

    def style(self, text: str, style: str) -> str:
        return self.ansi(text, _STYLES[style])

    def ansi(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text

    def word(self, word: Word, width: int) -> str:
        """The word with its sign, indented, as wide as the column with the gap behind it."""
        return self.style(f"  {view.SYMBOLS[word]} {word}".ljust(width), word)


def _wrap(text: str, indent: int = 2, hang: int | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hang is None else hang),
    )


def _head(comparison: Comparison, pen: _Pen) -> list[str]:
    word = comparison.word
    badge = pen.ansi(f" {view.SYMBOLS[word]} {word.upper()} ", _BADGES[word])
    headline = _wrap(formatting.clean(comparison.headline), 0)
    return [
        badge + pen.style(f"  {view.tally(comparison)}", "dim"),
        *(pen.style(line, "bold") for line in headline),
        *(
            pen.style(line, "dim")
            for side in (comparison.a, comparison.b)
            for line in _wrap(f"{side.name}  {view.side_line(side)}", 0, 3)
        ),
    ]


def _differences(comparison: Comparison, pen: _Pen) -> list[str]:
    if not comparison.differences:
        return [f"  {view.NO_DIFFERENCE}"]
    lines = []
    for consequence, same in groupby(comparison.differences, _consequence):
        for each in same:
            told = " → ".join(_cut(formatting.clean(value), _VALUE) for value in (each.a, each.b))
            lines += _wrap(f"{formatting.clean(each.title).ljust(_TITLE)}  {told}", 2, 4)
        if consequence:
            lines += [pen.style(line, Word.UNDECIDED) for line in _wrap(consequence, 4)]
    return lines


def _consequence(difference: Difference) -> str:
    forbidden = view.forbids(difference)
    return f"forbids {forbidden}" if forbidden else view.asks(difference)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _word_width(words: Iterable[Word]) -> int:
    """The column of the words, with the sign, the indent and the gap behind it."""
    return max(map(len, words)) + 6


def _facts(comparison: Comparison, pen: _Pen) -> list[str]:
    if not comparison.facts:
        return [pen.style("Facts", "bold") + "  none to compare"]
    lines = [pen.style("Facts", "bold")]
    width = _word_width(fact.word for fact in comparison.facts)
    for fact in comparison.facts:
        told = f"{formatting.clean(fact.a)} → {formatting.clean(fact.b)}"
        first, *rest = textwrap.wrap(f"{view.fact_title(fact)}: {told}", WIDTH - width)
        lines.append(pen.word(fact.word, width) + first)
        lines += [" " * width + line for line in rest]
    return lines


def _figures(comparison: Comparison, pen: _Pen) -> list[str]:
    rows = view.rows(comparison)
    if not rows:
        return [pen.style("Figures", "bold") + "  none to compare"]
    sample = view.usual(row.sample for row in rows)
    lines = [pen.style("Figures", "bold") + (f"  {sample}" if sample else "")]
    for line in view.reason_lines(comparison):
        lines += [pen.style(wrapped, "dim") for wrapped in _wrap(line, 2, 4)]
    columns = [_HEAD, *((row.a, row.b, row.change) for row in rows)]
    if any(row.interval for row in rows):
        more = [_MORE, *((row.interval, row.margin, row.detectable) for row in rows)]
        columns = [one + other for one, other in zip(columns, more, strict=True)]
    widths = [max(map(len, column)) for column in zip(*columns, strict=True)]
    word = _word_width(row.word for row in rows)
    room = WIDTH - word - sum(widths) - 2 * len(widths)
    title = min(max(len(row.title) for row in rows), max(room, _LEAST))
    head, *numbers = (_numbers(column, widths) for column in columns)
    lines.append(pen.style(" " * (word + title) + head, "dim"))
    for row, shown in zip(rows, numbers, strict=True):
        first, *rest = textwrap.wrap(row.title, title, break_on_hyphens=False) or [""]
        lines.append(f"{pen.word(row.word, word)}{first.ljust(title)}{shown}")
        if row.sample not in {sample, ""}:
            rest.append(row.sample)
        lines += [" " * word + line for line in rest]
    return lines


def _numbers(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join("  " + cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
