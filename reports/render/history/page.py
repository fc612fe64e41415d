"""history.html: for each set-up its curves, hints and runs, on one self-contained page."""

from __future__ import annotations

from html import escape

from reports.history.key_figures import KEY_FIGURES
from reports.history.model import Group, RunHistory
from reports.render import document, formatting
from reports.render.history import charts, view


def render(history: RunHistory) -> str:
    """The page.  Everything that comes from the runs is escaped."""
    folder = formatting.clean(history.folder)
    sections = [
        f"<header>\n<h1>The runs of {escape(folder)}</h1>\n"
        f'<p class="run">{escape(view.title(history))}</p>\n</header>',
        *(_group(group, number) for number, group in enumerate(history.groups, 1)),
    ]
    notes = [*history.skipped, *([history.note] if history.note else [])]
    if notes:
        listed = "".join(f"<li>{escape(formatting.clean(note))}</li>" for note in notes)
        sections.append(document.section("Notes", f"<ul>{listed}</ul>"))
    return document.page(
        f"Runs of {folder}", "history", sections, ("report.css", "answer.css", "history.css")
    )


def _group(group: Group, number: int) -> str:
    name = formatting.clean(group.set_up.get("profile", "a profile without a name"))
    told = "".join(
        f'<p class="note">{escape(line)}</p>\n'
        for line in (
            view.set_up(group),
            *view.why_breaks(group, "Dotted line"),
            *view.machine_lines(group),
        )
    )
    curves = "".join(
        f"<figure><figcaption>{escape(figure.title)}</figcaption>{drawn}</figure>"
        for key, figure in KEY_FIGURES.items()
        if (drawn := charts.draw(group, key, f"chart-{number}-{key}"))
    )
    drawn = f'<div class="curves">\n{curves}\n</div>\n' if curves else ""
    return document.section(name, f"{told}{drawn}{_hints(group)}{_table(group)}")


def _hints(group: Group) -> str:
    if not group.hints:
        return ""
    items = "".join(f"<li>{escape(view.hint(found))}</li>" for found in group.hints)
    return f'<div class="hints"><p>{escape(view.HINTS)}:</p>\n<ul>{items}</ul></div>\n'


def _table(group: Group) -> str:
    named = view.machines(group)
    titles = ["verdict", "machine", *(figure.title for figure in KEY_FIGURES.values()), "run"]
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in ("started (UTC)", *titles))
    rows = []
    for run in reversed(group.runs):
        kind = document.verdict_class(run.verdict)
        cells = [named[run.machine], *(view.value(key, run) for key in KEY_FIGURES)]
        shown = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows.append(
            f'<tr><th scope="row">{escape(formatting.clean(run.started))}</th>'
            f'<td><span class="mark {kind}">{escape(formatting.clean(run.verdict))}</span></td>'
            f"{shown}<td>{escape(formatting.clean(run.path))}</td></tr>"
        )
    return (
        '<div class="scroll" tabindex="0"><table class="numbers runs"><thead><tr>'
        f"{head}</tr></thead>\n<tbody>\n{chr(10).join(rows)}\n</tbody></table></div>"
    )
