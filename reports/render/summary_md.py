"""summary.md: the verdict in GitHub-flavoured Markdown, for a pull request or a job summary."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence

from reports.render import formatting, reproduce_command, series, view
from reports.render.figures import figures
from reports.render.sections import LINES, SECTIONS, Table
from reports.render.series import Timeline
from reports.render.view import Gate, Result

_SIGNS = {"pass": "✅", "fail": "❌", "unknown": "⚠️"}
_VERDICT_SIGNS = {"GO": "✅", "NO-GO": "❌", "INCONCLUSIVE": "⚠️"}
_SPARKS = "▁▂▃▄▅▆▇█"
_COLUMNS = 60
_MAX_EVIDENCE = 5


def render(result: Result) -> str:
    """The summary as Markdown.  Text from the run is escaped: no markup, no mentions."""
    verdict = formatting.clean(result.get("verdict"))
    parts = [
        f"## {_VERDICT_SIGNS.get(verdict, '⚠️')} {escape(verdict)}",
        f"**{escape(result.get('headline') or '')}**",
        *(escape(line(result)) for line in LINES),
        bullets(view.reasons(result)),
        _figures(result),
        _gates(result),
        *(_section(section.title, section.summary(result)) for section in SECTIONS),
        _sparklines(result),
        f"{escape(result.get('name') or '')} · {escape(view.run_line(result))}",
        f"```\n{reproduce_command.reproduce_command(result).replace('`', '')}\n```",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: object) -> str:
    """`text` as one line of plain Markdown text, also inside a table cell."""
    safe = formatting.clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = re.sub(r"([\\`*_~\[\]|#])", r"\\\1", safe)
    # A mention would notify people: an invisible empty comment breaks it.
    return safe.replace("@", "@<!-- -->")


def bullets(lines: Iterable[str]) -> str:
    """A list of these lines.  All text is escaped."""
    return "\n".join(f"- {escape(line)}" for line in lines)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], first_numeric: int) -> str:
    """A table whose columns are right-aligned from `first_numeric` on.  All text is escaped."""
    rule = ["---" if at < first_numeric else "--:" for at in range(len(head))]
    lines = [
        [escape(cell) for cell in head],
        rule,
        *([escape(cell) for cell in row] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _figures(result: Result) -> str:
    rows = [
        (_SIGNS[figure.status], figure.label, figure.value, figure.note)
        for figure in figures(result)
    ]
    return table(("", "", "", ""), rows, 4)


def _gates(result: Result) -> str:
    gates = view.gates(result)
    failing = [gate for gate in gates if gate.status != "pass"]
    passed = [gate for gate in gates if gate.status == "pass"]
    parts = [f"### Gates: {view.tally(gates)}"]
    if failing:
        parts.append(_gate_table(failing))
        parts += [_why(gate, result) for gate in failing if view.why(result, gate.name, gate.phase)]
        parts += [_evidence(gate) for gate in failing if gate.evidence]
    if passed:
        parts.append(
            f"<details><summary>{len(passed)} passed</summary>\n\n{_gate_table(passed)}\n\n"
            "</details>"
        )
    return "\n\n".join(parts)


def _gate_table(gates: Sequence[Gate]) -> str:
    rows = [
        (_SIGNS[gate.status], f"{gate.title} {gate.where}", gate.summary, gate.value, gate.limit)
        for gate in gates
    ]
    return table(("", "gate", "", "measured", "limit"), rows, 3)


def _why(gate: Gate, result: Result) -> str:
    why = view.why(result, gate.name, gate.phase)
    return bullets([f"Why {gate.title} {gate.where}".rstrip() + f" failed: {why}"])


def _evidence(gate: Gate) -> str:
    lines = list(gate.evidence[:_MAX_EVIDENCE])
    if len(gate.evidence) > _MAX_EVIDENCE:
        lines.append(f"and {len(gate.evidence) - _MAX_EVIDENCE} more in the report")
    return (
        f"<details><summary>Evidence: {html.escape(gate.title)}</summary>\n\n{bullets(lines)}\n\n"
        "</details>"
    )


def _section(title: str, content: Table | str) -> str:
    if not content:
        return ""
    told = [escape(content)]
    if isinstance(content, Table):
        told = [table(content.head, content.rows, content.words), escape(content.note)]
    return "\n\n".join([f"### {escape(title)}", *filter(None, told)])


def _sparklines(result: Result) -> str:
    line = series.read(result, _COLUMNS)
    if line is None:
        return "The run recorded no timeline."
    shown: dict[str, tuple[str, Callable[[float | None], str]]] = {
        "p99": ("p99 latency", formatting.seconds),
        "turns_ok": ("turns/s", formatting.count),
        "redis_bytes": ("Redis memory", formatting.size),
        "redis_keys": ("Redis keys", formatting.count),
    }
    lines = [f"{'faults':<13} {_marks(line)}"]
    for name, (label, write) in shown.items():
        known = line.known(name)
        reach = f"0 to {write(max(known))}" if known else "not measured"
        lines.append(f"{label:<13} {sparkline(line.values[name])}  {reach}")
    span = f"{formatting.clock(line.times[0])} to {formatting.clock(line.end)} of run time"
    return "```text\n" + "\n".join(lines) + f"\n{'':<13} {span}\n```"


def sparkline(values: Sequence[float | None]) -> str:
    """Bars from zero to the largest value; a blank where nothing was measured."""
    top = max((value for value in values if value is not None), default=0.0) or 1.0
    last = len(_SPARKS) - 1
    return "".join(
        " " if value is None else _SPARKS[min(last, round(max(value, 0.0) / top * last))]
        for value in values
    )


def _marks(line: Timeline) -> str:
    """The number of each fault above the column in which it begins."""
    marks = [" "] * len(line.times)
    for number, (_, start, _, _) in enumerate(line.faults, 1):
        column = min(max(int((start - line.times[0]) / line.step), 0), len(marks) - 1)
        marks[column] = str(number % 10)
    return "".join(marks)
