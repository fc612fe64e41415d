"""report.html: one self-contained page, findings first, that works without a network and script."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from importlib import resources

from reports.render import charts, formatting, html_tables, reproduce_command, series, view
from reports.render.figures import figures
from reports.render.sections import LINES, SECTIONS, Table
from reports.render.view import Gate, Result

_MAX_REASONS = 6
_HOVER_COLUMNS = 1000
_BADGES = {
    "GO": '<circle cx="16" cy="16" r="14"/><path d="M9.5 16.5l4.5 4.5 9-10"/>',
    "NO-GO": '<path class="fill" d="M10 2h12l8 8v12l-8 8H10l-8-8V10z"/><path d="M11 11l10 10"/>'
    '<path d="M21 11L11 21"/>',
    "INCONCLUSIVE": '<path class="fill" d="M16 2.5L30.5 28h-29z"/><path d="M16 12v8"/>'
    '<path d="M16 24v.4"/>',
}


def render(result: Result) -> str:
    """The page.  Everything that comes from the run is escaped."""
    style, script = _asset("report.css"), _asset("report.js")
    verdict = formatting.clean(result.get("verdict"))
    name = formatting.clean(result.get("name") or result.get("run_id") or "run")
    # If an escape were ever missing, no foreign script runs and nothing is fetched.
    policy = (
        f"default-src 'none'; style-src '{_integrity(style)}'; script-src '{_integrity(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    sections = [
        _banner(result, verdict, name),
        _figures(result),
        _gates(result),
        *_why(result),
        _timeline(result),
        *_tables(result),
        _surroundings(result),
    ]
    return (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(verdict)}: {escape(name)}</title>\n"
        f"<style>{style}</style>\n</head>\n"
        f'<body class="{_verdict_class(verdict)}">\n<main>\n'
        + "\n".join(sections)
        + f"\n</main>\n<script>{script}</script>\n</body>\n</html>\n"
    )


def _asset(name: str) -> str:
    return resources.files("reports.render").joinpath(name).read_text(encoding="utf-8")


def _integrity(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _verdict_class(verdict: str) -> str:
    return {"GO": "pass", "NO-GO": "fail"}.get(verdict, "unknown")


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{content}\n</section>"


def _banner(result: Result, verdict: str, name: str) -> str:
    reasons = view.reasons(result)
    items = [f"<li>{escape(reason)}</li>" for reason in reasons[:_MAX_REASONS]]
    if len(reasons) > _MAX_REASONS:
        items.append(f"<li>and {len(reasons) - _MAX_REASONS} more, see the gates below</li>")
    listed = f"<ul>{''.join(items)}</ul>" if items else ""
    facts = [
        name,
        formatting.clean(result.get("started") or ""),
        formatting.seconds(view.number(result, "duration_s")),
        view.run_line(result),
    ]
    lines = [line(result) for line in LINES]
    told = "".join(f'<p class="run">{escape(line)}</p>\n' for line in lines if line)
    badge = _BADGES.get(verdict, _BADGES["INCONCLUSIVE"])
    return (
        '<header class="banner">\n'
        f'<p class="verdict"><svg class="badge" viewBox="0 0 32 32" aria-hidden="true">{badge}'
        f"</svg><span>{escape(verdict)}</span></p>\n"
        f"<h1>{escape(formatting.clean(result.get('headline') or ''))}</h1>\n{listed}\n"
        f'<p class="run">{escape(" · ".join(fact for fact in facts if fact))}</p>\n{told}</header>'
    )


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
    return _section("Gates", "\n".join(parts))


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
    return [_section("Why", html_tables.why(result))] if view.diagnoses(result) else []


def _timeline(result: Result) -> str:
    chart = charts.timeline(result)
    if not chart:
        return _section("Timeline", "<p>The run recorded no timeline.</p>")
    key = (
        '<p class="note">Shaded: a fault, from its start until it was healed; the dashed edge is '
        "where its target answered again. Dotted: the load begins and ends.</p>"
    )
    return _section(
        "Timeline",
        f'<div class="scroll" tabindex="0"><div class="plot">{chart}'
        '<output class="readout" hidden></output></div></div>\n'
        f"{key}\n{_hover_data(result)}",
    )


def _hover_data(result: Result) -> str:
    line = series.read(result, _HOVER_COLUMNS)
    if line is None:
        return ""
    shown = {
        "p99": ("p99", formatting.seconds),
        "p50": ("p50", formatting.seconds),
        "turns_ok": ("acknowledged/s", formatting.count),
        "turns_info": ("indeterminate/s", formatting.count),
        "turns_failed": ("failed/s", formatting.count),
        "turns_retried": ("retried/s", formatting.count),
        "redis_bytes": ("Redis", formatting.size),
        "redis_forecast_bytes": ("Redis, forecast", formatting.size),
        "redis_keys": ("keys", formatting.count),
        "host_cpu_percent": ("CPU %", formatting.count),
    }
    data = {
        "t": line.times,
        "clock": [formatting.clock(t) for t in line.times],
        "series": [
            [label, [write(value) for value in line.values[name]]]
            for name, (label, write) in shown.items()
        ],
    }
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="timeline-data">{text}</script>'


def _tables(result: Result) -> list[str]:
    """The sections that are a table or a sentence."""
    found = [(section.title, section.page(result)) for section in SECTIONS]
    return [_section(title, _content(content)) for title, content in found if content]


def _content(content: Table | str) -> str:
    if isinstance(content, str):
        return f"<p>{escape(content)}</p>"
    note = f'<p class="note">{escape(content.note)}</p>' if content.note else ""
    return html_tables.table(content.head, content.rows, content.kind) + note


def _surroundings(result: Result) -> str:
    experiment = view.part(result, "experiment")
    title = formatting.clean(experiment.get("title") or "none")
    return _section(
        "How it was run",
        f"<p>Experiment: {escape(title)}. Play the same run again:</p>\n"
        f"<pre>{escape(reproduce_command.reproduce_command(result))}</pre>\n"
        f"<details><summary>Environment</summary>{html_tables.settings(result, 'environment')}"
        "</details>\n"
        f"<details><summary>Profile</summary>{html_tables.settings(result, 'profile')}</details>",
    )
