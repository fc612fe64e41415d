"""report.html of a capacity run: the answer sheet with its curves, on one self-contained page."""

from __future__ import annotations

from html import escape

from reports.capacity.answer import AnswerSheet
from reports.figures.figure import Label
from reports.render import document, formatting
from reports.render.answer import charts, view
from reports.render.answer.view import Row


def render(sheet: AnswerSheet) -> str:
    """The page.  Everything that comes from the run is escaped."""
    tables = [document.section(name, _table(name, rows)) for name, rows in view.parts(sheet)]
    sections = [
        _banner(sheet),
        document.section("Curves", _curves(sheet)),
        *tables,
        document.section("Prices", f'<p class="note">{escape(view.prices(sheet))}</p>'),
        document.section("Trust", _trust(sheet)),
    ]
    return document.page(
        f"{sheet.verdict.value}: capacity for {formatting.clean(sheet.target)}",
        document.verdict_class(sheet.verdict.value),
        sections,
        ("report.css", "answer.css"),
    )


def _banner(sheet: AnswerSheet) -> str:
    return document.banner(
        sheet.verdict.value,
        formatting.clean(sheet.headline),
        [formatting.clean(reason) for reason in sheet.reasons],
        [view.title_line(sheet), formatting.clean(sheet.run)],
    )


def _curves(sheet: AnswerSheet) -> str:
    drawn = []
    for place, chart in enumerate(sheet.charts, 1):
        note = f'<p class="note">{escape(chart.note)}</p>' if chart.note else ""
        drawn.append(
            f"<figure><figcaption>{escape(chart.title)}</figcaption>"
            f"{charts.draw(chart, f'chart-{place}')}{charts.legend(chart)}{note}</figure>"
        )
    if not drawn:
        return "<p>Nothing was measured that could be drawn.</p>"
    return f'<div class="curves">\n{chr(10).join(drawn)}\n</div>'


def _table(name: str, rows: list[Row]) -> str:
    lines = [_row(row) for row in rows]
    return (
        f'<table class="sheet"><caption class="hidden">{escape(name)}</caption>'
        '<thead><tr><th scope="col"></th><th scope="col">value</th><th scope="col">interval</th>'
        '<th scope="col">origin</th><th scope="col"></th></tr></thead>\n<tbody>\n'
        + "\n".join(lines)
        + "\n</tbody></table>"
    )


def _row(row: Row) -> str:
    notes = [view.RECOMMENDED] if row.recommended else []
    notes += [part for part in (row.why, row.note) if part]
    kinds = [name for name, on in (("recommended", row.recommended), ("unknown", row.why)) if on]
    interval = f"[{row.interval}]" if row.interval else ""
    return (
        f'<tr class="{" ".join(kinds)}"><th scope="row">{escape(row.title)}</th>'
        f"<td>{escape(row.value)}</td><td>{escape(interval)}</td>"
        f"<td>{_tag(row.label)}</td><td>{escape('; '.join(notes))}</td></tr>"
    )


def _tag(label: Label) -> str:
    return f'<span class="tag {label.value}">{view.LABELS[label]}</span>'


def _trust(sheet: AnswerSheet) -> str:
    told = "".join(f"<p>{escape(line)}</p>\n" for line in view.trust(sheet))
    meanings = "".join(
        f"<dt>{_tag(label)}</dt><dd>{escape(meaning)}</dd>"
        for label, meaning in view.MEANINGS.items()
    )
    return f'{told}<dl class="labels">{meanings}</dl>'
