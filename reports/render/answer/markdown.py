"""answer.md: the answer sheet in GitHub-flavoured Markdown."""

from __future__ import annotations

from reports.capacity.answer import AnswerSheet
from reports.render.answer import view
from reports.render.answer.view import Row
from reports.render.summary_md import escape

_SIGNS = {"GO": "✅", "NO-GO": "❌", "INCONCLUSIVE": "⚠️"}


def render(sheet: AnswerSheet) -> str:
    """The sheet as Markdown.  Text from the run is escaped: no markup, no mentions."""
    verdict = sheet.verdict.value
    blocks = [
        f"## {_SIGNS[verdict]} {escape(sheet.headline)}",
        "\n".join(f"- {escape(reason)}" for reason in sheet.reasons),
        escape(view.title_line(sheet)),
        *(f"### {escape(name)}\n\n{_table(rows)}" for name, rows in view.parts(sheet)),
        f"### Prices\n\n{escape(view.prices(sheet))}",
        "### Trust\n\n" + "\n".join(f"- {escape(line)}" for line in view.trust(sheet)),
        f"From {escape(sheet.run)}",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _table(rows: list[Row]) -> str:
    lines = ["| | value | interval | origin | |", "| --- | --: | --- | --- | --- |"]
    for row in rows:
        notes = [view.RECOMMENDED] if row.recommended else []
        notes += [part for part in (row.why, row.note) if part]
        cells = [row.title, row.value, row.interval, view.LABELS[row.label], "; ".join(notes)]
        shown = [escape(cell) for cell in cells]
        if row.recommended:
            shown[:2] = [f"**{cell}**" for cell in shown[:2]]
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join(lines)
