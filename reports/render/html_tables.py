"""The tables of the page: faults, latency, memory, turns, and the environment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from reports.render import formatting, view
from reports.render.view import Result


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "", caption: str = ""
) -> str:
    """A table in a box that scrolls sideways on a narrow screen.  All text is escaped.

    The first column names the row; `kind` is the CSS class.
    """
    lines = [f"<caption>{escape(caption)}</caption>"] if caption else []
    if head:
        cells = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
        lines.append(f"<thead><tr>{cells}</tr></thead>")
    lines.append("<tbody>")
    for name, *values in rows:
        cells = "".join(f"<td>{escape(value)}</td>" for value in values)
        lines.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    lines.append("</tbody>")
    body = "\n".join(lines)
    return f'<div class="scroll" tabindex="0"><table class="{kind}">\n{body}\n</table></div>'


def why(result: Result) -> str:
    """The cause of each failed gate, further causes, and the errors."""
    rows = []
    for each in view.diagnoses(result):
        title = next(
            (
                f"{gate.title}, {gate.where}" if gate.where else gate.title
                for gate in view.gates(result)
                if (gate.name, gate.phase) == (each.get("gate"), each.get("phase"))
            ),
            formatting.clean(each.get("gate")),
        )
        causes = [formatting.clean(cause.get("sentence")) for cause in each.get("causes") or ()]
        errors = [
            f"{formatting.clean(error.get('text'))} "
            f"({formatting.count(view.number(error, 'count'))})"
            for error in each.get("errors") or ()
        ]
        since, until = (formatting.clock(view.number(each, key)) for key in ("since", "until"))
        beside = [*causes[1:], *([formatting.clean(each["queue"])] if each.get("queue") else [])]
        rows.append(
            (
                title,
                f"{since} to {until}",
                formatting.count(view.number(each, "waits")),
                causes[0] if causes else "nothing recorded explains it",
                "; ".join(beside) or formatting.MISSING,
                "; ".join(errors) or formatting.MISSING,
            )
        )
    return table(["Gate", "from to", "waits", "why", "beside it", "errors"], rows, "why")


def settings(result: Result, key: str) -> str:
    """A nested section as a table of names and values."""
    rows = list(view.flatten(view.part(result, key)))
    return table((), rows, "settings") if rows else "<p>None.</p>"
