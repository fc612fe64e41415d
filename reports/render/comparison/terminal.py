"""The comparison for a terminal of 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from reports.comparison.model import Comparison, Word
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
_WORD = 2 + max(map(len, Word))
_TITLE = 26
"""The widest title; longer ones are cut."""
_HEAD: tuple[str, ...] = ("", "A", "B", "change")
_MORE = ("95 % interval", "detectable")


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

    def word(self, word: Word) -> str:
        """The word with its sign, as wide as the column."""
        return self.style(f"{view.SYMBOLS[word]} {word}".ljust(_WORD), word)


def _wrap(text: str, indent: int = 2, hang: int | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hang is None else hang),
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


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
    for each in comparison.differences:
        title = formatting.clean(each.title)
        told = f"{formatting.clean(each.a)} → {formatting.clean(each.b)}"
        lines += _wrap(f"{title.ljust(_TITLE)}  {told}", 2, 4)
        forbidden = view.forbids(each)
        if forbidden:
            lines += [pen.style(line, Word.UNDECIDED) for line in _wrap(f"forbids {forbidden}", 4)]
    return lines


def _facts(comparison: Comparison, pen: _Pen) -> list[str]:
    if not comparison.facts:
        return [pen.style("Facts", "bold") + "  none to compare"]
    lines = [pen.style("Facts", "bold")]
    for fact in comparison.facts:
        told = f"{formatting.clean(fact.a)} → {formatting.clean(fact.b)}"
        first, *rest = textwrap.wrap(f"{formatting.clean(fact.title)}: {told}", WIDTH - 4 - _WORD)
        lines.append(f"  {pen.word(fact.word)}  {first}")
        lines += [" " * (_WORD + 4) + line for line in rest]
    return lines


def _figures(comparison: Comparison, pen: _Pen) -> list[str]:
    rows = view.rows(comparison)
    if not rows:
        return [pen.style("Figures", "bold") + "  none to compare"]
    sample, margin = (view.usual(getattr(row, key) for row in rows) for key in ("sample", "margin"))
    beside = ", ".join(part for part in (sample, _margin(margin)) if part)
    lines = [pen.style("Figures", "bold") + (f"  {beside}" if beside else "")]
    for line in view.reason_lines(comparison):
        lines += [pen.style(wrapped, "dim") for wrapped in _wrap(line, 2, 4)]
    columns = [_HEAD, *((row.title, row.a, row.b, row.change) for row in rows)]
    if margin:
        beside_change = [_MORE, *((row.interval, row.detectable) for row in rows)]
        columns = [one + other for one, other in zip(columns, beside_change, strict=True)]
    widths = [max(map(len, column)) for column in zip(*columns, strict=True)]
    widths[0] = min(widths[0], WIDTH - _WORD - 2 - sum(widths[1:]) - 2 * len(widths))
    lines.append(pen.style(" " * (_WORD + 4) + _line(columns[0], widths), "dim"))
    for row, cells in zip(rows, columns[1:], strict=True):
        lines.append(f"  {pen.word(row.word)}  {_line(cells, widths)}")
        own = [row.sample] if row.sample != sample else []
        own += [_margin(row.margin)] if row.margin != margin else []
        if any(own):
            lines.append(pen.style(" " * (_WORD + 6) + ", ".join(filter(None, own)), "dim"))
    return lines


def _margin(margin: str) -> str:
    return f"margin {margin}" if margin else ""


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    title = _cut(cells[0], widths[0]).ljust(widths[0])
    numbers = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return "  ".join([title, *numbers])
