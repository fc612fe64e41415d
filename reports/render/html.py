"""report.html: one self-contained page, findings first, that works without a network and script."""

from __future__ import annotations

from html import escape

from reports.render import (
    charts,
    document,
    formatting,
    html_tables,
    reproduce_command,
    series,
    view,
)
from reports.render.figures import figures
from reports.render.sections import LINES, SECTIONS, Table
from reports.render.series import READOUT, Timeline
from reports.render.view import Gate, Result

_MAX_REASONS = 6
_HOVER_COLUMNS = 1000


def render(result: Result) -> str:
    """The page.  Everything that comes from the run is escaped."""
    verdict = formatting.clean(result.get("verdict"))
    name = _name(result)
    return document.page(
        f"{verdict}: {name}",
        document.verdict_class(verdict),
        parts(result),
        ("report.css",),
        "report.js",
    )


def parts(result: Result) -> list[str]:
    """The content of the page, from its banner on.  Everything that comes from the run is
    escaped."""
    return [
        _banner(result),
        _figures(result),
        _gates(result),
        *_why(result),
        _timeline(result),
        *_tables(result),
        _surroundings(result),
    ]


def _name(result: Result) -> str:
    return formatting.clean(result.get("name") or result.get("run_id") or "run")


def _banner(result: Result) -> str:
    verdict, name = formatting.clean(result.get("verdict")), _name(result)
    reasons = view.reasons(result)
    shown = reasons[:_MAX_REASONS]
    if len(reasons) > _MAX_REASONS:
        shown = [*shown, f"and {len(reasons) - _MAX_REASONS} more, see the gates below"]
    facts = [
        name,
        formatting.clean(result.get("started") or ""),
        formatting.seconds(view.number(result, "duration_s")),
        view.run_line(result),
    ]
    told = [" · ".join(fact for fact in facts if fact), *(line(result) for line in LINES)]
    return document.banner(verdict, formatting.clean(result.get("headline") or ""), shown, told)


def _figures(result: Result) -> str:
    tiles = [
        f'<div class="figure {figure.status}"><dt>{_mark(figure.status)}{escape(figure.label)}</dt>'
        f'<dd class="value">{escape(figure.value)}</dd>'
        f'<dd class="note">{escape(figure.note)}</dd></div>'
        for figure in figures(result)
    ]
    return '<dl class="figures">\n' + "\n".join(tiles) + "\n</dl>"


def _mark(status: str) -> str:
    """The status as a sign, and as a word for screen readers."""
    return (
        f'<span class="mark {status}" title="{view.STATUS_WORDS[status]}">'
        f'<span aria-hidden="true">{view.SYMBOLS[status]}</span>'
        f'<span class="hidden">{view.STATUS_WORDS[status]}</span></span>'
    )


def _gates(result: Result) -> str:
    gates = view.gates(result)
    failing = view.alike([gate for gate in gates if gate.status != "pass"])
    parts = [f'<p class="note">{escape(view.tally(gates))}.</p>']
    if failing:
        parts.append(_gate_table([_gate_row(same) for same in failing], "Failed or unknown"))
    for group in view.groups(result):
        passed = [gate for gate in group.gates if gate.status == "pass"]
        if not passed:
            continue
        said = view.essence(passed, result)
        parts.append(
            f"<details><summary>{_mark('pass')}<b>{escape(group.title)}</b> "
            f'{len(passed)} passed<span class="said">{escape(said)}</span></summary>\n'
            + _gate_table([_gate_row([gate]) for gate in passed], f"{group.title}, passed")
            + "</details>"
        )
    return document.section("Gates", "\n".join(parts))


def _gate_table(rows: list[str], caption: str) -> str:
    return (
        '<div class="scroll" tabindex="0"><table class="gates">'
        f'<caption class="hidden">{escape(caption)}</caption>'
        '<thead><tr><th scope="col"><span class="hidden">Status</span></th>'
        '<th scope="col">Gate</th><th scope="col">measured</th><th scope="col">limit</th></tr>'
        "</thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody></table></div>"
    )


def _gate_row(same: list[Gate]) -> str:
    gate = same[0]
    alone = len(same) == 1
    title = gate.title if alone else ", ".join(other.title for other in same)
    where = f' <span class="where">{escape(gate.where)}</span>' if alone and gate.where else ""
    lines = [line for other in same for line in other.evidence]
    evidence = ""
    if lines:
        items = "".join(f"<li>{escape(line)}</li>" for line in lines)
        evidence = (
            f"<details><summary>Evidence, {formatting.plural(len(lines), 'line')}</summary>"
            f'<ul class="evidence">{items}</ul></details>'
        )
    sample = f'<p class="note">{escape(gate.sample)}</p>' if alone and gate.sample else ""
    return (
        f'<tr class="{gate.status}"><td>{_mark(gate.status)}</td>'
        f'<th scope="row"><b>{escape(title)}</b>{where}'
        f"<p>{escape(gate.summary)}</p>{sample}{evidence}</th>"
        f"<td>{escape(gate.value if alone else '')}</td>"
        f"<td>{escape(gate.limit if alone else '')}</td></tr>"
    )


def _why(result: Result) -> list[str]:
    """The diagnoses; no section where no gate of the kind failed."""
    return [document.section("Why", html_tables.why(result))] if view.diagnoses(result) else []


def _timeline(result: Result) -> str:
    chart, line = charts.timeline(result), series.read(result, _HOVER_COLUMNS)
    if line is None:
        return document.section("Timeline", "<p>The run recorded no timeline.</p>")
    key = (
        '<p class="note">Shaded: a fault, from its start until it was healed; the dashed edge is '
        "where its target answered again. Dotted: the load begins and ends.</p>"
    )
    clock = [formatting.clock(t) for t in line.times]
    return document.section(
        "Timeline", f"{document.plot(chart, clock, line.times, _hover(line))}\n{key}"
    )


def _hover(line: Timeline) -> document.Hover:
    return [
        (label, [write(value) for value in line.values[name]])
        for name, (label, write) in READOUT.items()
    ]


def _tables(result: Result) -> list[str]:
    """The sections that are a table or a sentence."""
    found = [(section.title, section.page(result)) for section in SECTIONS]
    return [document.section(title, _content(content)) for title, content in found if content]


def _content(content: Table | str) -> str:
    if isinstance(content, str):
        return f"<p>{escape(content)}</p>"
    note = f'<p class="note">{escape(content.note)}</p>' if content.note else ""
    return html_tables.table(content.head, content.rows, content.kind) + note


def _surroundings(result: Result) -> str:
    experiment = view.part(result, "experiment")
    title = formatting.clean(experiment.get("title") or "none")
    return document.section(
        "How it was run",
        f"<p>Experiment: {escape(title)}. Play the same run again:</p>\n"
        f"<pre>{escape(reproduce_command.reproduce_command(result))}</pre>\n"
        f"<details><summary>Environment</summary>{html_tables.settings(result, 'environment')}"
        "</details>\n"
        f"<details><summary>Profile</summary>{html_tables.settings(result, 'profile')}</details>",
    )
