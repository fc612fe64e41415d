"""The answer sheet for a terminal of 100 columns."""

from __future__ import annotations

import textwrap

from reports.capacity.answer import AnswerSheet
from reports.figures.figure import Label
from reports.render import formatting
from reports.render.answer import view
from reports.render.answer.view import Row

WIDTH = 100

_STYLES = {
    "GO": "1;30;42",
    "NO-GO": "1;37;41",
    "INCONCLUSIVE": "1;30;43",
    "bold": "1",
    "dim": "2",
    Label.MEASURED: "32",
    Label.FITTED: "36",
    Label.SIMULATED: "34",
    Label.ASSUMED: "35",
    Label.UNKNOWN: "33",
}
_SYMBOLS = {"GO": "✓", "NO-GO": "✗", "INCONCLUSIVE": "?"}
_INDENT = 2
_GAP = 2
_TITLE = 28
"""The widest title; longer ones are cut."""


def render(sheet: AnswerSheet, color: bool, report: str = "") -> str:
    """The sheet as text that ends with a newline.

    `color` adds ANSI styles; `report` is the path of the page.  No line but that path is wider than
    100 columns.
    """
    pen = _Pen(color)
    lines = [*_verdict(sheet, pen), ""]
    parts = list(view.parts(sheet))
    widths = _Widths([row for _, rows in parts for row in rows])
    for name, rows in parts:
        lines += [pen.style(name, "bold")]
        lines += [line for row in rows for line in _row(row, widths, pen)]
    lines += [pen.style("Prices", "bold"), *pen.wrap(view.prices(sheet))]
    lines += [pen.style("Trust", "bold")]
    lines += [line for told in view.trust(sheet) for line in pen.wrap(told)]
    if report:
        lines.append(f"Report  {formatting.clean(report)}")
    return "\n".join(line.rstrip() for line in lines) + "\n"


class _Pen:
    """Writes styled text."""

    def __init__(self, color: bool) -> None:
        self.color = color

    def style(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.color and text else text

    def wrap(self, text: str, indent: int = _INDENT) -> list[str]:
        return textwrap.wrap(
            text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent
        )


class _Widths:
    """The widths of the columns."""

    def __init__(self, rows: list[Row]) -> None:
        self.title = min(max(len(row.title) for row in rows), _TITLE)
        self.value = max(len(row.value) for row in rows)
        self.interval = max(len(row.interval) + 2 for row in rows)
        self.label = max(len(view.LABELS[row.label]) for row in rows)

    @property
    def before_note(self) -> int:
        columns = self.title + self.value + self.interval + self.label
        return _INDENT + columns + 4 * _GAP


def _verdict(sheet: AnswerSheet, pen: _Pen) -> list[str]:
    verdict = sheet.verdict.value
    badge = pen.style(f" {_SYMBOLS[verdict]} {verdict} ", verdict)
    name = formatting.clean(sheet.run)
    room = WIDTH - len(verdict) - 7
    shown = name if len(name) <= room else f"…{name[-room + 1 :]}"
    return [
        badge + pen.style(f"  {shown}", "dim"),
        *(
            pen.style(line, "bold")
            for line in textwrap.wrap(formatting.clean(sheet.headline), WIDTH)
        ),
        *(line for reason in sheet.reasons for line in pen.wrap(formatting.clean(reason))),
        *(pen.style(line, "dim") for line in textwrap.wrap(view.title_line(sheet), WIDTH)),
    ]


def _row(row: Row, widths: _Widths, pen: _Pen) -> list[str]:
    title = row.title if len(row.title) <= widths.title else row.title[: widths.title - 1] + "…"
    interval = f"[{row.interval}]" if row.interval else ""
    gap = " " * _GAP
    label = view.LABELS[row.label]
    cells = (
        f"{' ' * _INDENT}{title.ljust(widths.title)}{gap}{row.value.rjust(widths.value)}{gap}"
        f"{interval.ljust(widths.interval)}{gap}"
    )
    styled = cells + pen.style(label, row.label) + " " * (widths.label - len(label))
    told = row.why or row.note
    if row.value == view.NOT_KNOWN:
        # There is no interval and no label: the reason begins in their place.
        start = _INDENT + widths.title + _GAP + widths.value + _GAP
        first, *rest = textwrap.wrap(told, WIDTH - start) or [""]
        head = f"{' ' * _INDENT}{title.ljust(widths.title)}{gap}"
        value = pen.style(row.value.rjust(widths.value), row.label)
        return [head + value + gap + first, *(" " * start + line for line in rest)]
    marks = [view.RECOMMENDED] if row.recommended else []
    room = WIDTH - widths.before_note
    texts = [*marks, *([told] if told else [])]
    beside: list[str] = []
    while texts and len(", ".join([*beside, texts[0]])) <= room:
        beside.append(texts.pop(0))
    below = [pen.style(line, "dim") for line in pen.wrap(", ".join(texts), _INDENT * 2)]
    return [f"{styled}{gap}{', '.join(beside)}", *below]
